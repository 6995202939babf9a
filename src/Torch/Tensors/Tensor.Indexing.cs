using System.Runtime.CompilerServices;
using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Reads as <see cref="index(TensorIndex[])"/>, writes as <see cref="index_put_(Tensor, TensorIndex[])"/>.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params TensorIndex[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>Reads or writes the elements a mask or tensors of integers name.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[params Tensor[] indices]
        {
            get => index(indices);
            set => index_put_(value, indices);
        }

        /// <summary>One slice of the first dimension.</summary>
        [IndexerName("TensorItems")]
        public Tensor this[long i1]
        {
            get => index((TensorIndex[])[i1]);
            set => index_put_(value, (TensorIndex[])[i1]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2]
        {
            get => index((TensorIndex[])[i1, i2]);
            set => index_put_(value, (TensorIndex[])[i1, i2]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3]
        {
            get => index((TensorIndex[])[i1, i2, i3]);
            set => index_put_(value, (TensorIndex[])[i1, i2, i3]);
        }

        [IndexerName("TensorItems")]
        public Tensor this[long i1, long i2, long i3, long i4]
        {
            get => index((TensorIndex[])[i1, i2, i3, i4]);
            set => index_put_(value, (TensorIndex[])[i1, i2, i3, i4]);
        }

        /// <summary>PyTorch's x[..]: integers and slices give a view, tensors a copy.</summary>
        public Tensor index(params TensorIndex[] indices)
        {
            using var list = new TensorList(Array.ConvertAll(indices, index => index.Values));
            return Native.Own(Native.kt_tensor_index(Handle, ToNative(indices, list), indices.Length));
        }

        /// <summary>x[..] = value; the value broadcasts.</summary>
        public Tensor index_put_(Tensor value, params TensorIndex[] indices)
        {
            using var list = new TensorList(Array.ConvertAll(indices, index => index.Values));
            return This(Native.kt_tensor_index_put_(Handle, ToNative(indices, list), indices.Length, value.Handle));
        }

        /// <inheritdoc cref="index_put_(Tensor, TensorIndex[])"/>
        public Tensor index_put_(Scalar value, params TensorIndex[] indices)
        {
            using var list = new TensorList(Array.ConvertAll(indices, index => index.Values));
            return This(Native.kt_tensor_index_put_scalar_(Handle, ToNative(indices, list), indices.Length, value.Native));
        }

        /// <inheritdoc cref="index(TensorIndex[])"/>
        public Tensor index(params Tensor[] indices) => index(Array.ConvertAll(indices, TensorIndex.Tensor));

        /// <inheritdoc cref="index_put_(Tensor, TensorIndex[])"/>
        public Tensor index_put_(Tensor value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        /// <inheritdoc cref="index_put_(Tensor, TensorIndex[])"/>
        public Tensor index_put_(Scalar value, params Tensor[] indices) => index_put_(value, Array.ConvertAll(indices, TensorIndex.Tensor));

        /// <summary>The slices of a dimension with these numbers (int64), copied.</summary>
        public Tensor index_select(long dim, Tensor index) => Native.Own(Native.kt_tensor_index_select(Handle, dim, index.Handle));

        /// <summary>A copy with alpha times the slices of <paramref name="source"/> added to the slices with these numbers.</summary>
        public Tensor index_add(long dim, Tensor index, Tensor source, Scalar alpha) =>
            Native.Own(Native.kt_tensor_index_add(Handle, dim, index.Handle, source.Handle, alpha.Native));

        /// <inheritdoc cref="index_add"/>
        public Tensor index_add_(long dim, Tensor index, Tensor source, Scalar alpha) =>
            This(Native.kt_tensor_index_add_(Handle, dim, index.Handle, source.Handle, alpha.Native));

        /// <summary>Replaces the slices with these numbers.</summary>
        public Tensor index_copy_(long dim, Tensor index, Tensor source) => This(Native.kt_tensor_index_copy_(Handle, dim, index.Handle, source.Handle));

        /// <summary>out[i][j] = x[index[i][j]][j] for dim 0, and so on; the shape is the index's.</summary>
        public Tensor gather(long dim, Tensor index) => Native.Own(Native.kt_tensor_gather(Handle, dim, index.Handle));

        /// <summary>A copy with out[index[i][j]][j] = src[i][j] for dim 0, and so on.</summary>
        public Tensor scatter(long dim, Tensor index, Tensor src) => Native.Own(Native.kt_tensor_scatter(Handle, dim, index.Handle, src.Handle));

        /// <inheritdoc cref="scatter"/>
        public Tensor scatter_(long dim, Tensor index, Tensor src) => This(Native.kt_tensor_scatter_(Handle, dim, index.Handle, src.Handle));

        /// <summary>As <see cref="scatter"/>, but adding.</summary>
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Native.Own(Native.kt_tensor_scatter_add(Handle, dim, index.Handle, src.Handle));

        /// <inheritdoc cref="scatter_add"/>
        public Tensor scatter_add_(long dim, Tensor index, Tensor src) => This(Native.kt_tensor_scatter_add_(Handle, dim, index.Handle, src.Handle));

        /// <summary>The value where the mask holds, which broadcasts.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value) => Native.Own(Native.kt_tensor_masked_fill(Handle, mask.Handle, value.Native));

        /// <inheritdoc cref="masked_fill"/>
        public Tensor masked_fill_(Tensor mask, Scalar value) => This(Native.kt_tensor_masked_fill_(Handle, mask.Handle, value.Native));

        /// <summary>The elements where the mask holds, as a vector.</summary>
        public Tensor masked_select(Tensor mask) => Native.Own(Native.kt_tensor_masked_select(Handle, mask.Handle));

        /// <summary>As <see cref="gather"/>, with broadcasting.</summary>
        public Tensor take_along_dim(Tensor indices, long dim) => Native.Own(Native.kt_tensor_take_along_dim(Handle, indices.Handle, dim));

        /// <summary>The places of the elements that are not 0: [count, dimensions] (int64).</summary>
        public Tensor nonzero() => Native.Own(Native.kt_tensor_nonzero(Handle));

        private static NativeIndex[] ToNative(TensorIndex[] indices, TensorList tensors)
        {
            var native = new NativeIndex[indices.Length];
            for (var i = 0; i < indices.Length; i++) native[i] = indices[i].ToNative(tensors.Pointers[i]);
            return native;
        }
    }
}
