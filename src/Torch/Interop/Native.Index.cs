using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_index(TensorHandle self, NativeIndex[] indices, long count);
    [LibraryImport(Library)] internal static partial int kt_tensor_index_put_(TensorHandle self, NativeIndex[] indices, long count, TensorHandle value);
    [LibraryImport(Library)] internal static partial int kt_tensor_index_put_scalar_(TensorHandle self, NativeIndex[] indices, long count, NativeScalar value);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_index_select(TensorHandle self, long dim, TensorHandle index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_index_add(TensorHandle self, long dim, TensorHandle index, TensorHandle source, NativeScalar alpha);
    [LibraryImport(Library)] internal static partial int kt_tensor_index_add_(TensorHandle self, long dim, TensorHandle index, TensorHandle source, NativeScalar alpha);
    [LibraryImport(Library)] internal static partial int kt_tensor_index_copy_(TensorHandle self, long dim, TensorHandle index, TensorHandle source);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_gather(TensorHandle self, long dim, TensorHandle index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_scatter(TensorHandle self, long dim, TensorHandle index, TensorHandle src);
    [LibraryImport(Library)] internal static partial int kt_tensor_scatter_(TensorHandle self, long dim, TensorHandle index, TensorHandle src);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_scatter_add(TensorHandle self, long dim, TensorHandle index, TensorHandle src);
    [LibraryImport(Library)] internal static partial int kt_tensor_scatter_add_(TensorHandle self, long dim, TensorHandle index, TensorHandle src);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_masked_fill(TensorHandle self, TensorHandle mask, NativeScalar value);
    [LibraryImport(Library)] internal static partial int kt_tensor_masked_fill_(TensorHandle self, TensorHandle mask, NativeScalar value);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_masked_select(TensorHandle self, TensorHandle mask);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_take_along_dim(TensorHandle self, TensorHandle indices, long dim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_nonzero(TensorHandle self);
}
