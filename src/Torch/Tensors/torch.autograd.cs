using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>
        /// The gradients of the sum of <paramref name="outputs"/>, each weighted by its tensor of <paramref name="grad_outputs"/>
        /// (needed for an output of more than one element), with respect to <paramref name="inputs"/> and to nothing else: no
        /// leaf's grad changes. With <paramref name="allow_unused"/> the gradient of an input that no output depends on is
        /// null, without it such an input is an error.
        /// </summary>
        public static IList<Tensor> grad(
            IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null,
            bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            using var from = new TensorList([.. outputs]);
            using var with = new TensorList([.. inputs]);
            using var weights = new TensorList(grad_outputs is null ? [] : [.. grad_outputs]);
            if (grad_outputs is not null && grad_outputs.Count != outputs.Count)
                throw new ArgumentException($"Expected one gradient for each of the {outputs.Count} outputs, got {grad_outputs.Count}.", nameof(grad_outputs));
            var results = new IntPtr[with.Count];
            Native.Check(Native.kt_autograd_grad(
                from.Pointers, from.Count, with.Pointers, with.Count, grad_outputs is null ? null : weights.Pointers,
                // As in PyTorch: a graph of the gradient needs the graph it came from.
                retain_graph || create_graph, create_graph, allow_unused, results));
            return Array.ConvertAll(results, result => result == IntPtr.Zero ? null! : Native.Own(result));
        }

        /// <summary>Adds to the grad of every leaf (or of <paramref name="inputs"/> only) the tensors were computed from.</summary>
        public static void backward(
            IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null)
        {
            using var from = new TensorList([.. tensors]);
            using var weights = new TensorList(grad_tensors is null ? [] : [.. grad_tensors]);
            using var only = new TensorList(inputs is null ? [] : [.. inputs]);
            if (grad_tensors is not null && grad_tensors.Count != tensors.Count)
                throw new ArgumentException($"Expected one gradient for each of the {tensors.Count} tensors, got {grad_tensors.Count}.", nameof(grad_tensors));
            Native.Check(Native.kt_autograd_backward(
                from.Pointers, from.Count, grad_tensors is null ? null : weights.Pointers,
                (retain_graph ?? false) || create_graph, create_graph, inputs is null ? null : only.Pointers, only.Count));
        }

        /// <summary>Makes backward name the forward operation whose gradient is not a number; slow. Until disposed.</summary>
        public static AnomalyMode detect_anomaly(bool check_nan = true) => new(true, check_nan);
    }
}
