using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Stateless network functions.</summary>
        public static partial class functional
        {
            private static readonly long[] PairOfOnes = [1, 1];
            private static readonly long[] PairOfZeros = [0, 0];

            /// <summary>A convolution of images.</summary>
            /// <param name="input">[N, C, H, W].</param>
            /// <param name="weight">[O, C / groups, kH, kW].</param>
            /// <param name="bias">[O], or null.</param>
            /// <param name="strides">One or two steps; null is 1.</param>
            /// <param name="padding">One or two widths of zeros around the image; null is 0.</param>
            /// <param name="dilation">One or two distances of the taps; null is 1.</param>
            /// <param name="groups">Groups of channels.</param>
            public static Tensor conv2d(Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null, long groups = 1)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(weight);
                return Native.Own(Native.kt_nn_conv2d(input.Handle, weight.Handle, Native.OrNone(bias),
                    Pair(strides, PairOfOnes), Pair(padding, PairOfZeros), Pair(dilation, PairOfOnes), groups));
            }

            /// <summary>An affine map of the last dimension: input W^T + bias.</summary>
            /// <param name="input">[..., I].</param>
            /// <param name="weights">W, [O, I].</param>
            /// <param name="bias">[O], or null.</param>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(weights);
                return Native.Own(Native.kt_nn_linear(input.Handle, weights.Handle, Native.OrNone(bias)));
            }

            /// <summary>Two numbers of one or two, or the default.</summary>
            private static long[] Pair(long[]? given, long[] otherwise) => given switch
            {
                null => otherwise,
                [_, _] => given,
                [var both] => [both, both],
                _ => throw new ArgumentException($"Expected one or two numbers for an image's height and width, got [{string.Join(", ", given)}].", nameof(given)),
            };
        }
    }
}
