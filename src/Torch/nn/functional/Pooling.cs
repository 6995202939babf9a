using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>The mean over windows of [N, C, H, W].</summary>
            /// <param name="input">The images.</param>
            /// <param name="kernel_size">One or two sides of the window.</param>
            /// <param name="stride">One or two steps; null is the window's size.</param>
            /// <param name="padding">One or two widths of zeros.</param>
            /// <param name="ceil_mode">Whether a window may begin inside and end outside.</param>
            /// <param name="count_include_pad">Whether the zeros count in the mean.</param>
            /// <param name="divisor_override">What to divide by instead of the window's size.</param>
            public static Tensor avg_pool2d(Tensor input, long[] kernel_size, long[]? stride = null, long[]? padding = null, bool ceil_mode = false, bool count_include_pad = true, long? divisor_override = null)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(kernel_size);
                if (divisor_override == 0)
                    throw new ArgumentOutOfRangeException(nameof(divisor_override), divisor_override, "avg_pool2d: the divisor must not be zero.");
                var kernel = Pair(kernel_size, PairOfOnes);
                return Native.Own(Native.kt_nn_avg_pool2d(input.Handle, kernel, Pair(stride, kernel), Pair(padding, PairOfZeros), ceil_mode, count_include_pad, divisor_override ?? 0));
            }

            /// <summary>The mean over as many cells as the output has pixels.</summary>
            /// <param name="input">[N, C, H, W].</param>
            /// <param name="output_size">One or two sizes.</param>
            public static Tensor adaptive_avg_pool2d(Tensor input, long[] output_size)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(output_size);
                return Native.Own(Native.kt_nn_adaptive_avg_pool2d(input.Handle, Pair(output_size, PairOfOnes)));
            }

            /// <summary>The largest value in windows of [N, C, H, W].</summary>
            /// <param name="input">The images.</param>
            /// <param name="kernel_size">One or two sides of the window.</param>
            /// <param name="strides">One or two steps; null is the window's size.</param>
            /// <param name="padding">One or two widths of padding with minus infinity.</param>
            /// <param name="dilation">One or two distances of the window's pixels.</param>
            /// <param name="ceil_mode">Whether a window may begin inside and end outside.</param>
            public static Tensor max_pool2d(Tensor input, long[] kernel_size, long[]? strides = null, long[]? padding = null, long[]? dilation = null, bool ceil_mode = false)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(kernel_size);
                var kernel = Pair(kernel_size, PairOfOnes);
                return Native.Own(Native.kt_nn_max_pool2d(input.Handle, kernel, Pair(strides, kernel), Pair(padding, PairOfZeros), Pair(dilation, PairOfOnes), ceil_mode));
            }
        }
    }
}
