using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Cross entropy of logits.</summary>
            /// <param name="input">Logits [N, C] (or [N, C, ...]).</param>
            /// <param name="target">int64 labels [N], or probabilities [N, C].</param>
            /// <param name="weight">Weight of each class [C], or null.</param>
            /// <param name="ignore_index">A label that does not count.</param>
            /// <param name="reduction">How the N losses are reduced.</param>
            /// <param name="label_smoothing">Share of the uniform distribution in the target, 0 to 1.</param>
            public static Tensor cross_entropy(Tensor input, Tensor target, Tensor? weight = null, long ignore_index = -100, Reduction reduction = Reduction.Mean, double label_smoothing = 0)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(target);
                return Native.Own(Native.kt_nn_cross_entropy(input.Handle, target.Handle, Native.OrNone(weight), (long)reduction, ignore_index, label_smoothing));
            }

            /// <summary>Negative log likelihood of log probabilities [N, C] at int64 labels [N].</summary>
            public static Tensor nll_loss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(target);
                return Native.Own(Native.kt_nn_nll_loss(input.Handle, target.Handle, Native.OrNone(weight), (long)reduction, -100));
            }

            /// <summary>Kullback-Leibler divergence, each entry target * (log target - input).</summary>
            /// <param name="input">Log probabilities.</param>
            /// <param name="target">Probabilities, or their logarithms.</param>
            /// <param name="log_target">Whether <paramref name="target"/> holds logarithms.</param>
            /// <param name="reduction">The mean is over all entries, not over the batch.</param>
            public static Tensor kl_div(Tensor input, Tensor target, bool log_target = true, Reduction reduction = Reduction.Mean)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(target);
                return Native.Own(Native.kt_nn_kl_div(input.Handle, target.Handle, (long)reduction, log_target));
            }

            /// <summary>Squared differences.</summary>
            public static Tensor mse_loss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
            {
                ArgumentNullException.ThrowIfNull(input);
                ArgumentNullException.ThrowIfNull(target);
                return Native.Own(Native.kt_nn_mse_loss(input.Handle, target.Handle, (long)reduction));
            }
        }
    }
}
