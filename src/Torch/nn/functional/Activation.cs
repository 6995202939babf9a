using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            /// <summary>max(x, 0).</summary>
            public static Tensor relu(Tensor x, bool inplace = false)
            {
                ArgumentNullException.ThrowIfNull(x);
                if (!inplace)
                    return Native.Own(Native.kt_tensor_relu(x.Handle));
                Native.Check(Native.kt_tensor_relu_(x.Handle));
                return TensorData.Alias(x);
            }

            /// <summary>The logarithm of the softmax along a dimension.</summary>
            public static Tensor log_softmax(Tensor x, long dim)
            {
                ArgumentNullException.ThrowIfNull(x);
                return x.log_softmax(dim);
            }

            /// <summary>exp(x) over its sum along a dimension.</summary>
            /// <param name="input">Logits.</param>
            /// <param name="dim">The dimension that sums to one.</param>
            /// <param name="dtype">The type to convert to first, or null.</param>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null)
            {
                ArgumentNullException.ThrowIfNull(input);
                return input.softmax(dim, dtype);
            }

            /// <summary>Labels [...] as vectors [..., num_classes] of zeros with one 1 (int64).</summary>
            /// <param name="x">int64 labels.</param>
            /// <param name="num_classes">-1 takes one more than the largest label.</param>
            public static Tensor one_hot(Tensor x, long num_classes = -1)
            {
                ArgumentNullException.ThrowIfNull(x);
                return Native.Own(Native.kt_nn_one_hot(x.Handle, num_classes));
            }
        }
    }
}
