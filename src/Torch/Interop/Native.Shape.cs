using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_view(TensorHandle self, long[] sizes, long dims);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_reshape(TensorHandle self, long[] sizes, long dims);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_flatten(TensorHandle self, long start_dim, long end_dim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_unsqueeze(TensorHandle self, long dim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_squeeze(TensorHandle self, Flag has_dim, long dim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_transpose(TensorHandle self, long dim0, long dim1);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_t(TensorHandle self);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_permute(TensorHandle self, long[]? dims, long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_expand(TensorHandle self, long[] sizes, long dims, Flag is_implicit);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_repeat(TensorHandle self, long[] repeats, long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_repeat_interleave(TensorHandle self, long repeats, Flag has_dim, long dim, long output_size);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_tile(TensorHandle self, long[] repeats, long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_flip(TensorHandle self, long[]? dims, long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_roll(TensorHandle self, long[] shifts, long count, long[]? dims, long dim_count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_narrow(TensorHandle self, long dim, long start, long length);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_select(TensorHandle self, long dim, long index);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_diag(TensorHandle self, long diagonal);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_triu(TensorHandle self, long diagonal);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_tril(TensorHandle self, long diagonal);
    [LibraryImport(Library)] internal static partial int kt_tensor_split(TensorHandle self, long size, long dim, [In, Out] IntPtr[] parts, long capacity, out long count);
    [LibraryImport(Library)] internal static partial int kt_tensor_split_sizes(TensorHandle self, long[] sizes, long size_count, long dim, [In, Out] IntPtr[] parts);
    [LibraryImport(Library)] internal static partial int kt_tensor_chunk(TensorHandle self, long chunks, long dim, [In, Out] IntPtr[] parts, out long count);
    [LibraryImport(Library)] internal static partial int kt_tensor_unbind(TensorHandle self, long dim, [In, Out] IntPtr[] parts, long capacity, out long count);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_cat(IntPtr[] tensors, long count, long dim);
    [LibraryImport(Library)] internal static partial IntPtr kt_tensor_stack(IntPtr[] tensors, long count, long dim);
}
