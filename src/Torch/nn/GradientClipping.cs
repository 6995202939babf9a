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
                if (!(max_norm >= 0) || !(norm_type > 0))
                    throw new ArgumentException($"clip_grad_norm_: max_norm must not be negative and norm_type must be positive, got {max_norm} and {norm_type}.");
                return Gradients.ClipNorm([.. tensors], max_norm, norm_type);
            }
        }
    }
}
