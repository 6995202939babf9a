using KdRobust.Torch.Interop;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>Batch normalisation over all dimensions but the second.</summary>
            /// <param name="input">[N, C, ...].</param>
            /// <param name="running_mean">[C], updated in training; null only in training.</param>
            /// <param name="running_var">[C], updated in training; null only in training.</param>
            /// <param name="weight">Scale [C], or null.</param>
            /// <param name="bias">Shift [C], or null.</param>
            /// <param name="training">Whether batch statistics are used.</param>
            /// <param name="momentum">Weight of this batch in the running statistics.</param>
            /// <param name="eps">Added to the variance.</param>
            public static Tensor batch_norm(Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-05)
            {
                ArgumentNullException.ThrowIfNull(input);
                return Native.Own(Native.kt_nn_batch_norm(input.Handle, Native.OrNone(weight), Native.OrNone(bias),
                    Native.OrNone(running_mean), Native.OrNone(running_var), TensorHandle.None, training, momentum, eps));
            }

            /// <summary>Zeroes values with probability <paramref name="p"/> and scales the others by 1/(1-p), in training.</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                ArgumentNullException.ThrowIfNull(input);
                if (!inplace)
                    return Native.Own(Native.kt_nn_dropout(input.Handle, p, training));
                Native.Check(Native.kt_nn_dropout_(input.Handle, p, training));
                return TensorData.Alias(input);
            }
        }
    }
}

/// <summary>The forward pass of the batch-normalisation module: one native call with the count of batches.</summary>
internal static class BatchNormalization
{
    internal static torch.Tensor Forward(torch.Tensor input, BatchNorm2d module, bool useBatch, bool count, double momentum, double eps) =>
        Native.Own(Native.kt_nn_batch_norm(input.Handle, Native.OrNone(module.weight), Native.OrNone(module.bias),
            Native.OrNone(module.running_mean), Native.OrNone(module.running_var),
            count ? Native.OrNone(module.num_batches_tracked) : TensorHandle.None, useBatch, momentum, eps));
}
