using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>True where x == target; shapes broadcast.</summary>
        public Tensor eq(Tensor target) => Native.Own(Native.kt_tensor_eq(Handle, target.Handle));

        /// <summary>True where x == target.</summary>
        public Tensor eq(Scalar target) => Native.Own(Native.kt_tensor_eq_scalar(Handle, target.Native));

        /// <summary>x == target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor eq_(Tensor target) => This(Native.kt_tensor_eq_(Handle, target.Handle));

        /// <summary>x == target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor eq_(Scalar target) => This(Native.kt_tensor_eq_scalar_(Handle, target.Native));

        /// <summary>True where x != target; shapes broadcast.</summary>
        public Tensor ne(Tensor target) => Native.Own(Native.kt_tensor_ne(Handle, target.Handle));

        /// <summary>True where x != target.</summary>
        public Tensor ne(Scalar target) => Native.Own(Native.kt_tensor_ne_scalar(Handle, target.Native));

        /// <summary>x != target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor ne_(Tensor target) => This(Native.kt_tensor_ne_(Handle, target.Handle));

        /// <summary>x != target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor ne_(Scalar target) => This(Native.kt_tensor_ne_scalar_(Handle, target.Native));

        /// <summary>True where x &lt; target; shapes broadcast.</summary>
        public Tensor lt(Tensor target) => Native.Own(Native.kt_tensor_lt(Handle, target.Handle));

        /// <summary>True where x &lt; target.</summary>
        public Tensor lt(Scalar target) => Native.Own(Native.kt_tensor_lt_scalar(Handle, target.Native));

        /// <summary>x &lt; target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor lt_(Tensor target) => This(Native.kt_tensor_lt_(Handle, target.Handle));

        /// <summary>x &lt; target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor lt_(Scalar target) => This(Native.kt_tensor_lt_scalar_(Handle, target.Native));

        /// <summary>True where x &lt;= target; shapes broadcast.</summary>
        public Tensor le(Tensor target) => Native.Own(Native.kt_tensor_le(Handle, target.Handle));

        /// <summary>True where x &lt;= target.</summary>
        public Tensor le(Scalar target) => Native.Own(Native.kt_tensor_le_scalar(Handle, target.Native));

        /// <summary>x &lt;= target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor le_(Tensor target) => This(Native.kt_tensor_le_(Handle, target.Handle));

        /// <summary>x &lt;= target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor le_(Scalar target) => This(Native.kt_tensor_le_scalar_(Handle, target.Native));

        /// <summary>True where x &gt; target; shapes broadcast.</summary>
        public Tensor gt(Tensor target) => Native.Own(Native.kt_tensor_gt(Handle, target.Handle));

        /// <summary>True where x &gt; target.</summary>
        public Tensor gt(Scalar target) => Native.Own(Native.kt_tensor_gt_scalar(Handle, target.Native));

        /// <summary>x &gt; target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor gt_(Tensor target) => This(Native.kt_tensor_gt_(Handle, target.Handle));

        /// <summary>x &gt; target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor gt_(Scalar target) => This(Native.kt_tensor_gt_scalar_(Handle, target.Native));

        /// <summary>True where x &gt;= target; shapes broadcast.</summary>
        public Tensor ge(Tensor target) => Native.Own(Native.kt_tensor_ge(Handle, target.Handle));

        /// <summary>True where x &gt;= target.</summary>
        public Tensor ge(Scalar target) => Native.Own(Native.kt_tensor_ge_scalar(Handle, target.Native));

        /// <summary>x &gt;= target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor ge_(Tensor target) => This(Native.kt_tensor_ge_(Handle, target.Handle));

        /// <summary>x &gt;= target in place: 1 or 0 in this tensor's type.</summary>
        public Tensor ge_(Scalar target) => This(Native.kt_tensor_ge_scalar_(Handle, target.Native));

        /// <summary>Logical and, elementwise; shapes broadcast.</summary>
        public Tensor logical_and(Tensor other) => Native.Own(Native.kt_tensor_logical_and(Handle, other.Handle));

        /// <summary>Logical or, elementwise; shapes broadcast.</summary>
        public Tensor logical_or(Tensor other) => Native.Own(Native.kt_tensor_logical_or(Handle, other.Handle));

        /// <summary>Logical xor, elementwise; shapes broadcast.</summary>
        public Tensor logical_xor(Tensor other) => Native.Own(Native.kt_tensor_logical_xor(Handle, other.Handle));

        /// <summary>Bitwise and, elementwise; shapes broadcast.</summary>
        public Tensor bitwise_and(Tensor other) => Native.Own(Native.kt_tensor_bitwise_and(Handle, other.Handle));

        /// <summary>Bitwise or, elementwise; shapes broadcast.</summary>
        public Tensor bitwise_or(Tensor other) => Native.Own(Native.kt_tensor_bitwise_or(Handle, other.Handle));

        /// <summary>Bitwise xor, elementwise; shapes broadcast.</summary>
        public Tensor bitwise_xor(Tensor other) => Native.Own(Native.kt_tensor_bitwise_xor(Handle, other.Handle));

        /// <summary>True when |x - target| &lt;= atol + rtol |target| everywhere; shapes broadcast.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false)
        {
            Native.Check(Native.kt_tensor_allclose(Handle, target.Handle, rtol, atol, equal_nan, out var result));
            return result;
        }

        /// <summary>Elementwise equality, TorchSharp's other name of <see cref="eq(Tensor)"/>.</summary>
        public Tensor equal(Tensor target) => eq(target);
    }
}
