using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>The mean over as many cells as the output has pixels.</summary>
            /// <param name="output_size">Height and width of the output; one number for both.</param>
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long[] output_size) => new(output_size);

            /// <summary>The mean over as many cells as the square output has pixels.</summary>
            public static AdaptiveAvgPool2d AdaptiveAvgPool2d(long output_size) => new([output_size, output_size]);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Average pooling to a given size.</summary>
    public sealed class AdaptiveAvgPool2d : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly long[] _outputSize;

        internal AdaptiveAvgPool2d(long[] outputSize)
            : base(nameof(AdaptiveAvgPool2d))
        {
            ArgumentNullException.ThrowIfNull(outputSize);
            if (outputSize.Length is not (1 or 2) || outputSize.Any(size => size < 1))
                throw new ArgumentException($"AdaptiveAvgPool2d: output_size must be one or two positive numbers, got [{string.Join(", ", outputSize)}].", nameof(outputSize));
            _outputSize = [outputSize[0], outputSize[^1]];
        }

        /// <inheritdoc/>
        public override torch.Tensor forward(torch.Tensor input) => torch.nn.functional.adaptive_avg_pool2d(input, _outputSize);
    }
}
