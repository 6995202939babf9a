using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_empty(long[] sizes, long dims, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_zeros(long[] sizes, long dims, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_ones(long[] sizes, long dims, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_full(long[] sizes, long dims, NativeScalar value, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_arange(NativeScalar start, NativeScalar stop, NativeScalar step, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_linspace(double start, double stop, long steps, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_eye(long rows, long columns, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_scalar(NativeScalar value, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_empty_like(TensorHandle self, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_zeros_like(TensorHandle self, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_ones_like(TensorHandle self, int dtype, int device_type, int device_index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_full_like(TensorHandle self, NativeScalar value, int dtype, int device_type, int device_index);
}
