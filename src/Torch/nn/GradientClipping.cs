using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Operations on the gradients of a network.</summary>
        public static partial class utils
        {
            /// <summary>Scales all gradients by one factor so that their joint norm is at most <paramref name="max_norm"/>.</summary>
            /// <param name="tensors">Parameters; those without a gradient do not count.</param>
            /// <param name="max_norm">The largest norm, at least 0.</param>
            /// <param name="norm_type">The p of the p-norm; positive infinity is the largest absolute value.</param>
            /// <returns>The norm before scaling.</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
            {
                ArgumentNullException.ThrowIfNull(tensors);
                if (!(max_norm >= 0))
                    throw new ArgumentOutOfRangeException(nameof(max_norm), max_norm, "clip_grad_norm_: the largest norm must not be negative.");
                if (!(norm_type > 0))
                    throw new ArgumentOutOfRangeException(nameof(norm_type), norm_type, "clip_grad_norm_: the p of the p-norm must be positive.");
                return Gradients.ClipNorm([.. tensors], max_norm, norm_type);
            }
        }
    }
}
