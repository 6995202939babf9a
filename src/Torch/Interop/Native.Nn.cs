using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_conv2d(TensorHandle input, TensorHandle weight, TensorHandle bias, long[] stride, long[] padding, long[] dilation, long groups);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_linear(TensorHandle input, TensorHandle weight, TensorHandle bias);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_batch_norm(TensorHandle input, TensorHandle weight, TensorHandle bias, TensorHandle running_mean, TensorHandle running_var, TensorHandle num_batches_tracked, Flag training, double momentum, double eps);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_dropout(TensorHandle input, double p, Flag training);
    [LibraryImport(Library)] internal static partial int kt_nn_dropout_(TensorHandle input, double p, Flag training);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_avg_pool2d(TensorHandle input, long[] kernel, long[] stride, long[] padding, Flag ceil_mode, Flag count_include_pad, long divisor_override);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_adaptive_avg_pool2d(TensorHandle input, long[] output_size);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_max_pool2d(TensorHandle input, long[] kernel, long[] stride, long[] padding, long[] dilation, Flag ceil_mode);
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)] internal static partial IntPtr kt_nn_pad(TensorHandle input, long[] pad, long count, string mode, double value);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_one_hot(TensorHandle labels, long classes);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_upsample2d(TensorHandle input, long[] output_size, int kind, Flag align_corners, Flag antialias, double[]? scales);

    [LibraryImport(Library)] internal static partial IntPtr kt_nn_cross_entropy(TensorHandle input, TensorHandle target, TensorHandle weight, long reduction, long ignore_index, double label_smoothing);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_nll_loss(TensorHandle input, TensorHandle target, TensorHandle weight, long reduction, long ignore_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_kl_div(TensorHandle input, TensorHandle target, long reduction, Flag log_target);
    [LibraryImport(Library)] internal static partial IntPtr kt_nn_mse_loss(TensorHandle input, TensorHandle target, long reduction);

    [LibraryImport(Library)] internal static partial IntPtr kt_nn_leaf(TensorHandle data, Flag requires_grad);
    [LibraryImport(Library)] internal static partial int kt_nn_set_data(TensorHandle self, TensorHandle data);
    [LibraryImport(Library)] internal static partial int kt_nn_clear_gradients(IntPtr[] parameters, long count, Flag set_to_none);
    [LibraryImport(Library)] internal static partial int kt_nn_clip_grad_norm_(IntPtr[] parameters, long count, double max_norm, double norm_type, out double norm);
}
