using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    // Views and rearrangements; a negative dimension counts from the end.
    public partial class Tensor
    {
        /// <summary>The same memory with other extents; one may be -1, which is computed.</summary>
        public Tensor view(params long[] shape) => Native.Own(Native.kt_tensor_view(Handle, shape, shape.Length));

        public Tensor view_as(Tensor other) => view(other.shape);

        /// <summary>A view when possible, else a copy.</summary>
        public Tensor reshape(params long[] shape) => Native.Own(Native.kt_tensor_reshape(Handle, shape, shape.Length));

        /// <summary>Joins the dimensions from <paramref name="start_dim"/> to <paramref name="end_dim"/>.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Native.Own(Native.kt_tensor_flatten(Handle, start_dim, end_dim));

        /// <summary>Inserts a dimension of extent 1.</summary>
        public Tensor unsqueeze(long dim) => Native.Own(Native.kt_tensor_unsqueeze(Handle, dim));

        /// <summary>Drops one dimension of extent 1, or all of them.</summary>
        public Tensor squeeze(long? dim = null) => Native.Own(Native.kt_tensor_squeeze(Handle, dim.HasValue, dim ?? 0));

        /// <summary>Swaps two dimensions.</summary>
        public Tensor transpose(long dim0, long dim1) => Native.Own(Native.kt_tensor_transpose(Handle, dim0, dim1));

        /// <summary>The transposed matrix.</summary>
        public Tensor t() => Native.Own(Native.kt_tensor_t(Handle));

        public Tensor permute(params long[] permutation) => Native.Own(Native.kt_tensor_permute(Handle, permutation, permutation.Length));

        /// <summary>A view that repeats dimensions of extent 1 without copying; -1 keeps an extent.</summary>
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) =>
            Native.Own(Native.kt_tensor_expand(Handle, sizes.ToArray(), sizes.Length, isImplicit));

        /// <inheritdoc cref="expand(ReadOnlySpan{long}, bool)"/>
        public Tensor expand(long[] sizes, bool isImplicit = false) => Native.Own(Native.kt_tensor_expand(Handle, sizes, sizes.Length, isImplicit));

        /// <inheritdoc cref="expand(ReadOnlySpan{long}, bool)"/>
        public Tensor expand(params long[] sizes) => Native.Own(Native.kt_tensor_expand(Handle, sizes, sizes.Length, false));

        public Tensor expand_as(Tensor other) => expand(other.shape);

        /// <summary>Copies side by side, so many along each dimension.</summary>
        public Tensor repeat(params long[] sizes) => Native.Own(Native.kt_tensor_repeat(Handle, sizes, sizes.Length));

        /// <summary>Each element (or slice along a dimension) so many times in a row.</summary>
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Native.Own(Native.kt_tensor_repeat_interleave(Handle, repeats, dim.HasValue, dim ?? 0, output_size ?? -1));

        /// <inheritdoc cref="repeat"/>
        public Tensor tile(long[] reps) => Native.Own(Native.kt_tensor_tile(Handle, reps, reps.Length));

        /// <summary>Reversed along the dimensions.</summary>
        public Tensor flip(params long[] dims) => Native.Own(Native.kt_tensor_flip(Handle, dims, dims.Length));

        /// <summary>Shifted cyclically along the dimensions.</summary>
        public Tensor roll(long[] shifts, long[] dims) => Native.Own(Native.kt_tensor_roll(Handle, shifts, shifts.Length, dims, dims.Length));

        /// <summary>The slices start .. start + length - 1 of a dimension, as a view.</summary>
        public Tensor narrow(long dim, long start, long length) => Native.Own(Native.kt_tensor_narrow(Handle, dim, start, length));

        /// <summary>One slice of a dimension, as a view without that dimension.</summary>
        public Tensor select(long dim, long index) => Native.Own(Native.kt_tensor_select(Handle, dim, index));

        /// <summary>The matrix with a vector on a diagonal, or the diagonal of a matrix.</summary>
        public Tensor diag(long diagonal = 0) => Native.Own(Native.kt_tensor_diag(Handle, diagonal));

        /// <summary>0 below the diagonal.</summary>
        public Tensor triu(long diagonal = 0) => Native.Own(Native.kt_tensor_triu(Handle, diagonal));

        /// <summary>0 above the diagonal.</summary>
        public Tensor tril(long diagonal = 0) => Native.Own(Native.kt_tensor_tril(Handle, diagonal));

        /// <summary>Views of <paramref name="size"/> slices each; the last may have fewer.</summary>
        public Tensor[] split(long size, int dim = 0)
        {
            if (size < 1) throw new ArgumentOutOfRangeException(nameof(size), size, "Expected at least 1 slice in each part.");
            var parts = new IntPtr[Math.Max(1, (this.size(dim) + size - 1) / size)];
            Native.Check(Native.kt_tensor_split(Handle, size, dim, parts, parts.Length, out var count));
            return Own(parts, count);
        }

        /// <summary>Views of so many slices each; the sizes add up to the extent.</summary>
        public Tensor[] split(long[] sizes, long dim = 0)
        {
            var parts = new IntPtr[sizes.Length];
            Native.Check(Native.kt_tensor_split_sizes(Handle, sizes, sizes.Length, dim, parts));
            return Own(parts, parts.Length);
        }

        /// <summary>At most <paramref name="chunks"/> views of equal size; the last may be smaller.</summary>
        public Tensor[] chunk(long chunks, long dim = 0)
        {
            if (chunks < 1) throw new ArgumentOutOfRangeException(nameof(chunks), chunks, "Expected at least 1 part.");
            var parts = new IntPtr[chunks];
            Native.Check(Native.kt_tensor_chunk(Handle, chunks, dim, parts, out var count));
            return Own(parts, count);
        }

        /// <summary>A view of every slice of a dimension.</summary>
        public Tensor[] unbind(long dimension = 0)
        {
            var parts = new IntPtr[size((int)dimension)];
            Native.Check(Native.kt_tensor_unbind(Handle, dimension, parts, parts.Length, out var count));
            return Own(parts, count);
        }

        private static Tensor[] Own(IntPtr[] parts, long count)
        {
            var tensors = new Tensor[count];
            for (var i = 0; i < tensors.Length; i++) tensors[i] = Native.Own(parts[i]);
            return tensors;
        }
    }

    /// <summary>Joins tensors along an existing dimension.</summary>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0)
    {
        using var list = new TensorList([.. tensors]);
        return Native.Own(Native.kt_tensor_cat(list.Pointers, list.Count, dim));
    }

    /// <summary>Joins tensors of one shape along a new dimension.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0)
    {
        using var list = new TensorList([.. tensors]);
        return Native.Own(Native.kt_tensor_stack(list.Pointers, list.Count, dim));
    }
}
