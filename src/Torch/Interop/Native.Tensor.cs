using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial void kt_tensor_free(IntPtr self);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_alias(TensorHandle self);
    [LibraryImport(Library)] internal static partial long kt_tensor_dim(TensorHandle self);
    [LibraryImport(Library)] internal static partial long kt_tensor_numel(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_tensor_sizes(TensorHandle self, long[] sizes);
    [LibraryImport(Library)] internal static partial int kt_tensor_strides(TensorHandle self, long[] strides);
    [LibraryImport(Library)] internal static partial long kt_tensor_size(TensorHandle self, long dim);
    [LibraryImport(Library)] internal static partial int kt_tensor_dtype(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_tensor_device(TensorHandle self, out int index);
    [LibraryImport(Library)] internal static partial long kt_tensor_element_size(TensorHandle self);
    [LibraryImport(Library)] internal static partial Flag kt_tensor_is_contiguous(TensorHandle self, int memory_format);
    [LibraryImport(Library)] internal static partial Flag kt_tensor_is_pinned(TensorHandle self);

    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_data(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_tensor_item(TensorHandle self, IntPtr value);
    [LibraryImport(Library)] internal static partial int kt_tensor_read(TensorHandle self, IntPtr target, long bytes);
    [LibraryImport(Library)] internal static partial int kt_tensor_write(TensorHandle self, IntPtr source, long bytes);
    [LibraryImport(Library)] internal static unsafe partial IntPtr kt_tensor_from_blob(IntPtr data, long[] sizes, long dims, int dtype, delegate* unmanaged<IntPtr, void> release, IntPtr context);

    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_to(TensorHandle self, int dtype, int device_type, int device_index, int memory_format, Flag non_blocking, Flag copy);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_contiguous(TensorHandle self, int memory_format);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_clone(TensorHandle self);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_pin_memory(TensorHandle self);
    [LibraryImport(Library)] internal static partial int kt_tensor_copy_(TensorHandle self, TensorHandle source, Flag non_blocking);
}
