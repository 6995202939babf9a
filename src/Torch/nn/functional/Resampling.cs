using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Adds values at the borders of the last dimensions.</summary>
            /// <param name="input">The tensor.</param>
            /// <param name="pad">Pairs (before, after), the last dimension first. Negative crops.</param>
            /// <param name="mode">Where the values come from.</param>
            /// <param name="value">The value of <see cref="PaddingModes.Constant"/>; <see cref="PaddingModes.Zeros"/> takes 0.</param>
            public static Tensor pad(Tensor input, long[] pad, PaddingModes mode = PaddingModes.Constant, double value = 0)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(pad);
                var name = mode switch
                {
                    PaddingModes.Constant or PaddingModes.Zeros => "constant",
                    PaddingModes.Reflect => "reflect",
                    PaddingModes.Replicate => "replicate",
                    PaddingModes.Circular => "circular",
                    _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "pad: unknown mode."),
                };
                return Native.Own(Native.kt_nn_pad(input.Handle, pad, pad.Length, name, mode == PaddingModes.Zeros ? 0 : value));
            }

            /// <summary>Resizes images [N, C, H, W].</summary>
            /// <param name="x">The images.</param>
            /// <param name="size">One or two new sizes; give this or <paramref name="scale_factor"/>.</param>
            /// <param name="scale_factor">One or two factors.</param>
            /// <param name="mode">Nearest, bilinear, bicubic or area.</param>
            /// <param name="align_corners">Whether the corner pixels' centres coincide (bilinear and bicubic); null is false.</param>
            /// <param name="recompute_scale_factor">Whether the factors are recomputed from the rounded size.</param>
            /// <param name="antialias">Whether bilinear and bicubic shrinking averages over all pixels it covers.</param>
            public static Tensor interpolate(Tensor x, long[]? size = null, double[]? scale_factor = null, InterpolationMode mode = InterpolationMode.Nearest, bool? align_corners = null, bool recompute_scale_factor = false, bool antialias = false)
            {
                ArgumentNullException.ThrowIfNull(x);
                var shape = x.shape;
                if (shape.Length != 4)
                    throw new ArgumentException($"interpolate: expected images [N, C, H, W], got [{string.Join(", ", shape)}].", nameof(x));
                if (size is null == scale_factor is null)
                    throw new ArgumentException("interpolate: give either size or scale_factor.", nameof(size));
                if (align_corners is not null && mode is InterpolationMode.Nearest or InterpolationMode.Area)
                    throw new ArgumentException($"interpolate: align_corners does not go with mode {mode}.", nameof(align_corners));
                if (antialias && mode is not (InterpolationMode.Bilinear or InterpolationMode.Bicubic))
                    throw new ArgumentException($"interpolate: antialias does not go with mode {mode}.", nameof(antialias));

                var factors = scale_factor switch
                {
                    null => null,
                    [var both] => [both, both],
                    [_, _] => scale_factor,
                    _ => throw new ArgumentException($"interpolate: expected one or two factors, got {scale_factor.Length}.", nameof(scale_factor)),
                };
                var target = factors is null ? Pair(size, PairOfOnes) : [(long)Math.Floor(shape[2] * factors[0]), (long)Math.Floor(shape[3] * factors[1])];
                var scales = recompute_scale_factor ? null : factors;
                return mode switch
                {
                    InterpolationMode.Area => adaptive_avg_pool2d(x, target),
                    InterpolationMode.Nearest => Resize(0),
                    InterpolationMode.Bilinear => Resize(1),
                    InterpolationMode.Bicubic => Resize(2),
                    _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "interpolate: images are resized by Nearest, Bilinear, Bicubic or Area."),
                };

                Tensor Resize(int kind) => Native.Own(Native.kt_nn_upsample2d(x.Handle, target, kind, align_corners ?? false, antialias, scales));
            }
        }
    }
}
