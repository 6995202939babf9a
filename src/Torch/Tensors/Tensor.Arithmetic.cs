using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    // Elementwise; the shapes of two tensors broadcast.
    public partial class Tensor
    {
        public Tensor add(Tensor target) => Native.Own(Native.kt_tensor_add(Handle, target.Handle, NativeScalar.None));

        /// <summary>x + alpha * target.</summary>
        public Tensor add(Tensor target, Scalar alpha) => Native.Own(Native.kt_tensor_add(Handle, target.Handle, alpha.Native));

        public Tensor add(Scalar scalar) => Native.Own(Native.kt_tensor_add_scalar(Handle, scalar.Native, NativeScalar.None));

        public Tensor add(Scalar scalar, Scalar alpha) => Native.Own(Native.kt_tensor_add_scalar(Handle, scalar.Native, alpha.Native));

        public Tensor add_(Tensor target) => This(Native.kt_tensor_add_(Handle, target.Handle, NativeScalar.None));

        /// <summary>x += alpha * target.</summary>
        public Tensor add_(Tensor target, Scalar alpha) => This(Native.kt_tensor_add_(Handle, target.Handle, alpha.Native));

        public Tensor add_(Scalar scalar) => This(Native.kt_tensor_add_scalar_(Handle, scalar.Native, NativeScalar.None));

        public Tensor add_(Scalar scalar, Scalar alpha) => This(Native.kt_tensor_add_scalar_(Handle, scalar.Native, alpha.Native));

        public Tensor sub(Tensor target) => Native.Own(Native.kt_tensor_sub(Handle, target.Handle, NativeScalar.None));

        public Tensor sub(Scalar target) => Native.Own(Native.kt_tensor_sub_scalar(Handle, target.Native, NativeScalar.None));

        public Tensor sub_(Tensor target) => This(Native.kt_tensor_sub_(Handle, target.Handle, NativeScalar.None));

        public Tensor sub_(Scalar target) => This(Native.kt_tensor_sub_scalar_(Handle, target.Native, NativeScalar.None));

        public Tensor mul(Tensor target) => Native.Own(Native.kt_tensor_mul(Handle, target.Handle));

        public Tensor mul(Scalar target) => Native.Own(Native.kt_tensor_mul_scalar(Handle, target.Native));

        public Tensor mul_(Tensor target) => This(Native.kt_tensor_mul_(Handle, target.Handle));

        public Tensor mul_(Scalar target) => This(Native.kt_tensor_mul_scalar_(Handle, target.Native));

        /// <summary>x / target; integers give a float unless rounded.</summary>
        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            Native.Own(Native.kt_tensor_div(Handle, target.Handle, (int)rounding_mode));

        /// <inheritdoc cref="div(Tensor, RoundingMode)"/>
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            Native.Own(Native.kt_tensor_div_scalar(Handle, target.Native, (int)rounding_mode));

        /// <inheritdoc cref="div(Tensor, RoundingMode)"/>
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            This(Native.kt_tensor_div_(Handle, target.Handle, (int)rounding_mode));

        /// <inheritdoc cref="div(Tensor, RoundingMode)"/>
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            This(Native.kt_tensor_div_scalar_(Handle, target.Native, (int)rounding_mode));

        /// <summary>The remainder with the sign of the divisor, as Python's %.</summary>
        public Tensor remainder(Tensor target) => Native.Own(Native.kt_tensor_remainder(Handle, target.Handle));

        /// <inheritdoc cref="remainder(Tensor)"/>
        public Tensor remainder(Scalar scalar) => Native.Own(Native.kt_tensor_remainder_scalar(Handle, scalar.Native));

        public Tensor pow(Tensor exponent) => Native.Own(Native.kt_tensor_pow(Handle, exponent.Handle));

        public Tensor pow(Scalar exponent) => Native.Own(Native.kt_tensor_pow_scalar(Handle, exponent.Native));

        public Tensor pow_(Tensor exponent) => This(Native.kt_tensor_pow_(Handle, exponent.Handle));

        public Tensor pow_(Scalar exponent) => This(Native.kt_tensor_pow_scalar_(Handle, exponent.Native));

        /// <summary>The larger of the two; not a number where either is.</summary>
        public Tensor maximum(Tensor other) => Native.Own(Native.kt_tensor_maximum(Handle, other.Handle));

        /// <summary>The smaller of the two; not a number where either is.</summary>
        public Tensor minimum(Tensor other) => Native.Own(Native.kt_tensor_minimum(Handle, other.Handle));

        /// <summary>The angle of the point (other, x).</summary>
        public Tensor atan2(Tensor other) => Native.Own(Native.kt_tensor_atan2(Handle, other.Handle));

        /// <summary>Limited to [min, max]; either may be missing, not both.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Native.Own(Native.kt_tensor_clamp(Handle, NativeScalar.Of(min), NativeScalar.Of(max)));

        /// <inheritdoc cref="clamp(Scalar, Scalar)"/>
        public Tensor clamp(Tensor? min = null, Tensor? max = null) =>
            Native.Own(Native.kt_tensor_clamp_tensor(Handle, Native.OrNone(min), Native.OrNone(max)));

        /// <inheritdoc cref="clamp(Scalar, Scalar)"/>
        public Tensor clamp_(Scalar? min = null, Scalar? max = null) => This(Native.kt_tensor_clamp_(Handle, NativeScalar.Of(min), NativeScalar.Of(max)));

        /// <inheritdoc cref="clamp(Scalar, Scalar)"/>
        public Tensor clamp_(Tensor? min = null, Tensor? max = null) =>
            This(Native.kt_tensor_clamp_tensor_(Handle, Native.OrNone(min), Native.OrNone(max)));

        /// <summary>This tensor where the condition holds, <paramref name="y"/> elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => Native.Own(Native.kt_tensor_where(condition.Handle, Handle, y.Handle));

        /// <summary>x + value * tensor1 * tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Native.Own(Native.kt_tensor_addcmul(Handle, tensor1.Handle, tensor2.Handle, value.Native));

        /// <inheritdoc cref="addcmul"/>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            This(Native.kt_tensor_addcmul_(Handle, tensor1.Handle, tensor2.Handle, value.Native));

        /// <summary>x + value * tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) =>
            Native.Own(Native.kt_tensor_addcdiv(Handle, tensor1.Handle, tensor2.Handle, value.Native));

        /// <summary>x + tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) =>
            Native.Own(Native.kt_tensor_addcdiv(Handle, tensor1.Handle, tensor2.Handle, NativeScalar.None));

        /// <inheritdoc cref="addcdiv(Tensor, Tensor, Scalar)"/>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) =>
            This(Native.kt_tensor_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, value.Native));

        /// <inheritdoc cref="addcdiv(Tensor, Tensor)"/>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2) =>
            This(Native.kt_tensor_addcdiv_(Handle, tensor1.Handle, tensor2.Handle, NativeScalar.None));

        /// <summary>x + weight * (end - x).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => Native.Own(Native.kt_tensor_lerp(Handle, end.Handle, weight.Handle));

        /// <inheritdoc cref="lerp(Tensor, Tensor)"/>
        internal Tensor lerp(Tensor end, Scalar weight) => Native.Own(Native.kt_tensor_lerp_scalar(Handle, end.Handle, weight.Native));

        /// <inheritdoc cref="lerp(Tensor, Tensor)"/>
        public Tensor lerp_(Tensor end, Tensor weight) => This(Native.kt_tensor_lerp_(Handle, end.Handle, weight.Handle));

        /// <inheritdoc cref="lerp(Tensor, Tensor)"/>
        internal Tensor lerp_(Tensor end, Scalar weight) => This(Native.kt_tensor_lerp_scalar_(Handle, end.Handle, weight.Native));

        /// <summary>Sets every element.</summary>
        public Tensor fill_(Scalar value) => This(Native.kt_tensor_fill_(Handle, value.Native));

        /// <summary>Sets every element to 0.</summary>
        public Tensor zero_() => This(Native.kt_tensor_zero_(Handle));
    }
}
