using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_sum(TensorHandle self, long[]? dims, long count, Flag keepdim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_mean(TensorHandle self, long[]? dims, long count, Flag keepdim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_std(TensorHandle self, long[]? dims, long count, Flag unbiased, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_var(TensorHandle self, long[]? dims, long count, Flag unbiased, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_norm(TensorHandle self, double p, long[]? dims, long count, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_amax(TensorHandle self, long[]? dims, long count, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_amin(TensorHandle self, long[]? dims, long count, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_logsumexp(TensorHandle self, long[]? dims, long count, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_max(TensorHandle self);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_min(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_tensor_max_dim(TensorHandle self, long dim, Flag keepdim, out IntPtr values, out IntPtr indices);
    [LibraryImport(Library)] internal static partial int kt_tensor_min_dim(TensorHandle self, long dim, Flag keepdim, out IntPtr values, out IntPtr indices);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_argmax(TensorHandle self, Flag has_dim, long dim, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_argmin(TensorHandle self, Flag has_dim, long dim, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_argsort(TensorHandle self, long dim, Flag descending);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_any(TensorHandle self, Flag has_dim, long dim, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_all(TensorHandle self, Flag has_dim, long dim, Flag keepdim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_prod(TensorHandle self, Flag has_dim, long dim, Flag keepdim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_count_nonzero(TensorHandle self, long[]? dims, long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_cumsum(TensorHandle self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial int kt_tensor_topk(TensorHandle self, long k, long dim, Flag largest, Flag sorted, out IntPtr values, out IntPtr indices);
    [LibraryImport(Library)] internal static partial int kt_tensor_sort(TensorHandle self, long dim, Flag descending, Flag stable, out IntPtr values, out IntPtr indices);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_softmax(TensorHandle self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_log_softmax(TensorHandle self, long dim, int dtype);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_bincount(TensorHandle self, TensorHandle weights, long minlength);
}
