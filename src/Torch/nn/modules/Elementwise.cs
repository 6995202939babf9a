using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>max(x, 0).</summary>
            /// <param name="inplace">Whether the input is overwritten.</param>
            public static ReLU ReLU(bool inplace = false) => new(inplace);

            /// <summary>The input unchanged.</summary>
            public static Identity Identity() => new();

            /// <summary>Zeroes each value with probability <paramref name="p"/> in training mode and scales the others by 1/(1-p).</summary>
            /// <param name="p">From 0 to 1.</param>
            /// <param name="inplace">Whether the input is overwritten.</param>
            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>max(x, 0).</summary>
    public sealed class ReLU : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly bool _inplace;

        internal ReLU(bool inplace)
            : base(nameof(ReLU)) => _inplace = inplace;

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.relu(input, _inplace);
    }

    /// <summary>The input unchanged.</summary>
    public sealed class Identity : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        internal Identity()
            : base(nameof(Identity))
        {
        }

        /// <summary>A second handle on the same values, so that disposing the result leaves the input alone.</summary>
        public override torch.Tensor forward(torch.Tensor input) => TensorData.Alias(input);
    }

    /// <summary>Dropout of single values.</summary>
    public sealed class Dropout : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly double _p;
        private readonly bool _inplace;

        internal Dropout(double p, bool inplace)
            : base(nameof(Dropout))
        {
            if (p is not (>= 0 and <= 1))
                throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: the probability must lie between 0 and 1.");
            _p = p;
            _inplace = inplace;
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.dropout(input, _p, training, _inplace);
    }
}
