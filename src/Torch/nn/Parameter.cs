namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Makes a parameter of a tensor; <paramref name="data"/> is consumed.</summary>
            public static Modules.Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module trains.</summary>
    public sealed class Parameter : torch.Tensor
    {
        /// <summary>Makes a leaf of the tensor's values. <paramref name="data"/> gives up its storage and must not be used again.</summary>
        /// <param name="data">The initial values.</param>
        /// <param name="requires_grad">Whether gradients are computed for it.</param>
        public Parameter(torch.Tensor data, bool requires_grad = true)
            : base(TensorData.TakeAsLeaf(data, requires_grad))
        {
        }
    }
}
