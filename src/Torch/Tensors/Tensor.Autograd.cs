using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether autograd follows what is done with this tensor.</summary>
        public bool requires_grad
        {
            get => Native.kt_autograd_requires_grad(Handle);
            set => Native.Check(Native.kt_autograd_set_requires_grad(Handle, value));
        }

        /// <summary>Sets <see cref="requires_grad"/> and returns this tensor.</summary>
        public Tensor requires_grad_(bool requires_grad = true) => This(Native.kt_autograd_set_requires_grad(Handle, requires_grad));

        /// <summary>
        /// The gradient that backward added up, or null. Each read is a new object for the same memory, which the current
        /// dispose scope frees.
        /// </summary>
        public Tensor? grad
        {
            get
            {
                Native.Check(Native.kt_autograd_grad_of(Handle, out var grad));
                return grad == IntPtr.Zero ? null : Native.Own(grad);
            }
            set => Native.Check(Native.kt_autograd_set_grad(Handle, Native.OrNone(value)));
        }

        /// <summary>True for a tensor that was not computed by operations autograd followed.</summary>
        public bool is_leaf => Native.kt_autograd_is_leaf(Handle);

        /// <summary>Makes backward keep the gradient of a tensor that is not a leaf.</summary>
        public void retain_grad() => Native.Check(Native.kt_autograd_retain_grad(Handle));

        /// <summary>The same data, cut off from the graph.</summary>
        public Tensor detach() => Native.Own(Native.kt_autograd_detach(Handle));

        /// <summary>Cuts this tensor off from its graph.</summary>
        public Tensor detach_() => This(Native.kt_autograd_detach_(Handle));

        /// <summary>Adds to the gradient of every leaf (or of <paramref name="inputs"/> only) this tensor was computed from.</summary>
        public void backward(IList<Tensor>? grad_tensors = null, bool retain_graph = false, bool create_graph = false, IList<Tensor>? inputs = null) =>
            autograd.backward([this], grad_tensors, retain_graph, create_graph, inputs);

        /// <inheritdoc cref="backward(IList{Tensor}, bool, bool, IList{Tensor})"/>
        public void backward() => autograd.backward([this]);
    }
}
