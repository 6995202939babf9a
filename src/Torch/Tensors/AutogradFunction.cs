using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>What a function keeps from its forward to its backward. Usable only inside those two.</summary>
        public sealed class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> data = [];
            private IntPtr native;

            internal AutogradContext() { }

            /// <summary>Keeps inputs or the output; autograd notices when one is changed in place before backward.</summary>
            public void save_for_backward(List<Tensor> tensors)
            {
                using var list = new TensorList(tensors);
                Native.Check(Native.kt_autograd_save_for_backward(native, list.Pointers, list.Count));
            }

            /// <summary>What <see cref="save_for_backward"/> kept.</summary>
            public List<Tensor> get_saved_variables()
            {
                var count = Native.kt_autograd_saved_count(native);
                if (count < 0) throw KdRobust.Torch.TorchException.OfLastCall();
                var saved = new IntPtr[count];
                Native.Check(Native.kt_autograd_saved(native, saved, count));
                return [.. saved.Select(tensor => tensor == IntPtr.Zero ? null! : new Tensor(tensor))];
            }

            /// <summary>Keeps any object; a tensor kept so is freed with the graph.</summary>
            public void save_data(string key, object value)
            {
                if (value is Tensor tensor) tensor.DetachFromDisposeScope();
                data[key] = value;
            }

            /// <summary>What <see cref="save_data"/> kept.</summary>
            /// <exception cref="KeyNotFoundException">Nothing was kept under this key.</exception>
            public object get_data(string key) =>
                data.TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"forward saved nothing under '{key}'.");

            /// <summary>Names inputs that forward changed in place and returns.</summary>
            public void mark_dirty(List<Tensor> tensors)
            {
                using var list = new TensorList(tensors);
                Native.Check(Native.kt_autograd_mark_dirty(native, list.Pointers, list.Count));
            }

            /// <summary>Names an output that has no gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors)
            {
                using var list = new TensorList(tensors);
                Native.Check(Native.kt_autograd_mark_non_differentiable(native, list.Pointers, list.Count));
            }

            /// <summary>Whether backward gets zeros (true, the default) or null for an output whose gradient is not needed.</summary>
            public void set_materialize_grads(bool value) => Native.Check(Native.kt_autograd_set_materialize_grads(native, value));

            /// <summary>Frees the tensors among the kept objects.</summary>
            public void Dispose()
            {
                foreach (var tensor in data.Values.OfType<Tensor>()) tensor.Dispose();
                data.Clear();
            }

            internal void Enter(IntPtr context) => native = context;

            internal void Leave() => native = IntPtr.Zero;
        }

        /// <summary>A differentiable function written in C#.</summary>
        public abstract class Function<T> where T : Function<T>, new()
        {
            internal static readonly T Instance = new();

            /// <summary>What errors call it.</summary>
            public abstract string Name { get; }
        }

        /// <summary>
        /// A differentiable function written in C# with one output: derive with the class itself as <typeparamref name="T"/>,
        /// call it by <c>YourFunction.apply(..)</c>. One instance serves all calls, so it keeps nothing itself.
        /// </summary>
        public abstract class SingleTensorFunction<T> : Function<T>, IManagedFunction where T : SingleTensorFunction<T>, new()
        {
            /// <summary>Runs forward; the tensors among the arguments are the inputs of the graph.</summary>
            public static Tensor apply(params object[] vars) => FunctionApplication.Apply(Instance, vars);

            /// <summary>The output. Autograd does not follow what happens inside. Tensors made here and not returned or saved are freed.</summary>
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>The gradient of each argument of apply, in order; null for one that is no tensor or needs none.</summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            Tensor IManagedFunction.Forward(AutogradContext ctx, object[] vars) => forward(ctx, vars);

            List<Tensor> IManagedFunction.Backward(AutogradContext ctx, Tensor gradOutput) => backward(ctx, gradOutput);
        }
    }
}
