using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    // Over everything, or over the dimensions given; keepdim leaves them with extent 1.
    public partial class Tensor
    {
        public Tensor sum(ScalarType? type = null) => Sum(null, false, type);

        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Sum([dim], keepdim, type);

        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) => Sum([dim0, dim1], keepdim, type);

        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Sum(dim, keepdim, type);

        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Sum(dim.ToArray(), keepdim, type);

        public Tensor mean() => Native.Own(Native.kt_tensor_mean(Handle, null, 0, false, -1));

        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
            Native.Own(Native.kt_tensor_mean(Handle, dimensions, dimensions.Length, keepdim, Native.TypeOf(type)));

        /// <summary>The standard deviation; unbiased divides by n - 1.</summary>
        public Tensor std(bool unbiased = true) => Native.Own(Native.kt_tensor_std(Handle, null, 0, unbiased, false));

        /// <inheritdoc cref="std(bool)"/>
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => std([dim], unbiased, keepdim, type);

        /// <inheritdoc cref="std(bool)"/>
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Cast(Native.Own(Native.kt_tensor_std(Handle, dimensions, dimensions.Length, unbiased, keepdim)), type);

        /// <inheritdoc cref="std(bool)"/>
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            std(dimensions.ToArray(), unbiased, keepdim, type);

        /// <summary>The variance; unbiased divides by n - 1.</summary>
        public Tensor var(bool unbiased = true) => Native.Own(Native.kt_tensor_var(Handle, null, 0, unbiased, false));

        /// <inheritdoc cref="var(bool)"/>
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) => var([dim], unbiased, keepdim, type);

        /// <inheritdoc cref="var(bool)"/>
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Cast(Native.Own(Native.kt_tensor_var(Handle, dimensions, dimensions.Length, unbiased, keepdim)), type);

        /// <inheritdoc cref="var(bool)"/>
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            var(dimensions.ToArray(), unbiased, keepdim, type);

        /// <summary>The p-norm of all elements; p may be infinity.</summary>
        public Tensor norm(float p = 2) => Native.Own(Native.kt_tensor_norm(Handle, p, null, 0, false));

        /// <summary>The p-norm along one dimension.</summary>
        public Tensor norm(int dim, bool keepdim = false, float p = 2) => Native.Own(Native.kt_tensor_norm(Handle, p, [dim], 1, keepdim));

        /// <summary>The largest elements; among equal ones the gradient is shared. Into <paramref name="out"/> when given.</summary>
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amax(dims.ToArray(), keepdim, @out);

        /// <inheritdoc cref="amax(ReadOnlySpan{long}, bool, Tensor)"/>
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) =>
            Into(@out, Native.Own(Native.kt_tensor_amax(Handle, dims, dims.Length, keepdim)));

        /// <inheritdoc cref="amax(ReadOnlySpan{long}, bool, Tensor)"/>
        public Tensor amax(params long[] dims) => amax(dims, false);

        /// <summary>The smallest elements; among equal ones the gradient is shared. Into <paramref name="out"/> when given.</summary>
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) => amin(dims.ToArray(), keepdim, @out);

        /// <inheritdoc cref="amin(ReadOnlySpan{long}, bool, Tensor)"/>
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) =>
            Into(@out, Native.Own(Native.kt_tensor_amin(Handle, dims, dims.Length, keepdim)));

        /// <inheritdoc cref="amin(ReadOnlySpan{long}, bool, Tensor)"/>
        public Tensor amin(params long[] dims) => amin(dims, false);

        /// <summary>log of the sum of e^x along one dimension, without overflow.</summary>
        public Tensor logsumexp(long dim, bool keepdim = false) => Native.Own(Native.kt_tensor_logsumexp(Handle, [dim], 1, keepdim));

        public Tensor max() => Native.Own(Native.kt_tensor_max(Handle));

        public Tensor max(Tensor other) => maximum(other);

        /// <summary>The largest values along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) =>
            Pair(Native.kt_tensor_max_dim(Handle, dim, keepdim, out var values, out var indices), values, indices);

        public Tensor min() => Native.Own(Native.kt_tensor_min(Handle));

        public Tensor min(Tensor other) => minimum(other);

        /// <summary>The smallest values along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) =>
            Pair(Native.kt_tensor_min_dim(Handle, dim, keepdim, out var values, out var indices), values, indices);

        /// <summary>The place of the largest element, in row-major order.</summary>
        public Tensor argmax() => Native.Own(Native.kt_tensor_argmax(Handle, false, 0, false));

        /// <summary>The place of the largest element along a dimension (int64).</summary>
        public Tensor argmax(long dim, bool keepdim = false) => Native.Own(Native.kt_tensor_argmax(Handle, true, dim, keepdim));

        /// <summary>The place of the smallest element, in row-major order.</summary>
        public Tensor argmin() => Native.Own(Native.kt_tensor_argmin(Handle, false, 0, false));

        /// <summary>The place of the smallest element along a dimension (int64).</summary>
        public Tensor argmin(long dim, bool keepdim = false) => Native.Own(Native.kt_tensor_argmin(Handle, true, dim, keepdim));

        /// <summary>The order that sorts along a dimension (int64).</summary>
        public Tensor argsort(long dim = -1, bool descending = false) => Native.Own(Native.kt_tensor_argsort(Handle, dim, descending));

        public Tensor any() => Native.Own(Native.kt_tensor_any(Handle, false, 0, false));

        public Tensor any(long dim, bool keepdim = false) => Native.Own(Native.kt_tensor_any(Handle, true, dim, keepdim));

        public Tensor all() => Native.Own(Native.kt_tensor_all(Handle, false, 0, false));

        public Tensor all(long dim, bool keepdim = false) => Native.Own(Native.kt_tensor_all(Handle, true, dim, keepdim));

        public Tensor prod(ScalarType? type = null) => Native.Own(Native.kt_tensor_prod(Handle, false, 0, false, Native.TypeOf(type)));

        public Tensor prod(long dim, bool keepdim = false, ScalarType? type = null) =>
            Native.Own(Native.kt_tensor_prod(Handle, true, dim, keepdim, Native.TypeOf(type)));

        /// <summary>The number of elements that are not 0.</summary>
        public Tensor count_nonzero(long[]? dims = null) => Native.Own(Native.kt_tensor_count_nonzero(Handle, dims, dims?.Length ?? 0));

        /// <summary>Running sums along a dimension.</summary>
        public Tensor cumsum(long dim, ScalarType? type = null) => Native.Own(Native.kt_tensor_cumsum(Handle, dim, Native.TypeOf(type)));

        /// <summary>The k largest (or smallest) values along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Pair(Native.kt_tensor_topk(Handle, k, dim, largest, sorted, out var values, out var indices), values, indices);

        /// <summary>Sorted along a dimension, and where each value was.</summary>
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Pair(Native.kt_tensor_sort(Handle, dim, descending, stable, out var values, out var indices), values, indices);

        /// <summary>e^x over its sum along a dimension.</summary>
        public Tensor softmax(long dim, ScalarType? dtype = null) => Native.Own(Native.kt_tensor_softmax(Handle, dim, Native.TypeOf(dtype)));

        /// <summary>The logarithm of <see cref="softmax"/>, without overflow.</summary>
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Native.Own(Native.kt_tensor_log_softmax(Handle, dim, Native.TypeOf(dtype)));

        /// <summary>How often each of 0, 1, 2, .. occurs in a vector of non-negative integers, or the sum of their weights.</summary>
        public Tensor bincount(Tensor? weights, long minlength = 0) => Native.Own(Native.kt_tensor_bincount(Handle, Native.OrNone(weights), minlength));

        private Tensor Sum(long[]? dims, bool keepdim, ScalarType? type) =>
            Native.Own(Native.kt_tensor_sum(Handle, dims, dims?.Length ?? 0, keepdim, Native.TypeOf(type)));

        private static Tensor Cast(Tensor result, ScalarType? type)
        {
            if (type is not { } wanted || wanted == result.dtype) return result;
            using (result) return result.to(wanted);
        }

        private static Tensor Into(Tensor? target, Tensor result)
        {
            if (target is null) return result;
            using (result) return target.copy_(result);
        }

        private static (Tensor, Tensor) Pair(int status, IntPtr first, IntPtr second)
        {
            Native.Check(status);
            return (Native.Own(first), Native.Own(second));
        }
    }
}
