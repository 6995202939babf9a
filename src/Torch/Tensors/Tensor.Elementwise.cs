using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>|x|, elementwise.</summary>
        public Tensor abs() => Native.Own(Native.kt_tensor_abs(Handle));

        /// <summary>|x|, elementwise, in place.</summary>
        public Tensor abs_() => This(Native.kt_tensor_abs_(Handle));

        /// <summary>-x, elementwise.</summary>
        public Tensor neg() => Native.Own(Native.kt_tensor_neg(Handle));

        /// <summary>-x, elementwise, in place.</summary>
        public Tensor neg_() => This(Native.kt_tensor_neg_(Handle));

        /// <summary>-1, 0 or 1, elementwise.</summary>
        public Tensor sign() => Native.Own(Native.kt_tensor_sign(Handle));

        /// <summary>-1, 0 or 1, elementwise, in place.</summary>
        public Tensor sign_() => This(Native.kt_tensor_sign_(Handle));

        /// <summary>The square root, elementwise.</summary>
        public Tensor sqrt() => Native.Own(Native.kt_tensor_sqrt(Handle));

        /// <summary>The square root, elementwise, in place.</summary>
        public Tensor sqrt_() => This(Native.kt_tensor_sqrt_(Handle));

        /// <summary>1 / sqrt(x), elementwise.</summary>
        public Tensor rsqrt() => Native.Own(Native.kt_tensor_rsqrt(Handle));

        /// <summary>1 / sqrt(x), elementwise, in place.</summary>
        public Tensor rsqrt_() => This(Native.kt_tensor_rsqrt_(Handle));

        /// <summary>x², elementwise.</summary>
        public Tensor square() => Native.Own(Native.kt_tensor_square(Handle));

        /// <summary>e to the x, elementwise.</summary>
        public Tensor exp() => Native.Own(Native.kt_tensor_exp(Handle));

        /// <summary>e to the x, elementwise, in place.</summary>
        public Tensor exp_() => This(Native.kt_tensor_exp_(Handle));

        /// <summary>e^x - 1, exact near 0, elementwise.</summary>
        public Tensor expm1() => Native.Own(Native.kt_tensor_expm1(Handle));

        /// <summary>e^x - 1, exact near 0, elementwise, in place.</summary>
        public Tensor expm1_() => This(Native.kt_tensor_expm1_(Handle));

        /// <summary>The natural logarithm, elementwise.</summary>
        public Tensor log() => Native.Own(Native.kt_tensor_log(Handle));

        /// <summary>The natural logarithm, elementwise, in place.</summary>
        public Tensor log_() => This(Native.kt_tensor_log_(Handle));

        /// <summary>log(1 + x), exact near 0, elementwise.</summary>
        public Tensor log1p() => Native.Own(Native.kt_tensor_log1p(Handle));

        /// <summary>log(1 + x), exact near 0, elementwise, in place.</summary>
        public Tensor log1p_() => This(Native.kt_tensor_log1p_(Handle));

        /// <summary>The logarithm to base 2, elementwise.</summary>
        public Tensor log2() => Native.Own(Native.kt_tensor_log2(Handle));

        /// <summary>The logarithm to base 2, elementwise, in place.</summary>
        public Tensor log2_() => This(Native.kt_tensor_log2_(Handle));

        /// <summary>The sine, elementwise.</summary>
        public Tensor sin() => Native.Own(Native.kt_tensor_sin(Handle));

        /// <summary>The sine, elementwise, in place.</summary>
        public Tensor sin_() => This(Native.kt_tensor_sin_(Handle));

        /// <summary>The cosine, elementwise.</summary>
        public Tensor cos() => Native.Own(Native.kt_tensor_cos(Handle));

        /// <summary>The cosine, elementwise, in place.</summary>
        public Tensor cos_() => This(Native.kt_tensor_cos_(Handle));

        /// <summary>max(x, 0), elementwise.</summary>
        public Tensor relu() => Native.Own(Native.kt_tensor_relu(Handle));

        /// <summary>max(x, 0), elementwise, in place.</summary>
        public Tensor relu_() => This(Native.kt_tensor_relu_(Handle));

        /// <summary>1 / (1 + e^-x), elementwise.</summary>
        public Tensor sigmoid() => Native.Own(Native.kt_tensor_sigmoid(Handle));

        /// <summary>1 / (1 + e^-x), elementwise, in place.</summary>
        public Tensor sigmoid_() => This(Native.kt_tensor_sigmoid_(Handle));

        /// <summary>The hyperbolic tangent, elementwise.</summary>
        public Tensor tanh() => Native.Own(Native.kt_tensor_tanh(Handle));

        /// <summary>The hyperbolic tangent, elementwise, in place.</summary>
        public Tensor tanh_() => This(Native.kt_tensor_tanh_(Handle));

        /// <summary>The error function, elementwise.</summary>
        public Tensor erf() => Native.Own(Native.kt_tensor_erf(Handle));

        /// <summary>The error function, elementwise, in place.</summary>
        public Tensor erf_() => This(Native.kt_tensor_erf_(Handle));

        /// <summary>1 - erf(x), elementwise.</summary>
        public Tensor erfc() => Native.Own(Native.kt_tensor_erfc(Handle));

        /// <summary>1 - erf(x), elementwise, in place.</summary>
        public Tensor erfc_() => This(Native.kt_tensor_erfc_(Handle));

        /// <summary>The inverse of the error function, on (-1, 1), elementwise.</summary>
        public Tensor erfinv() => Native.Own(Native.kt_tensor_erfinv(Handle));

        /// <summary>The inverse of the error function, on (-1, 1), elementwise, in place.</summary>
        public Tensor erfinv_() => This(Native.kt_tensor_erfinv_(Handle));

        /// <summary>The largest integer not above x, elementwise.</summary>
        public Tensor floor() => Native.Own(Native.kt_tensor_floor(Handle));

        /// <summary>The largest integer not above x, elementwise, in place.</summary>
        public Tensor floor_() => This(Native.kt_tensor_floor_(Handle));

        /// <summary>The smallest integer not below x, elementwise.</summary>
        public Tensor ceil() => Native.Own(Native.kt_tensor_ceil(Handle));

        /// <summary>The smallest integer not below x, elementwise, in place.</summary>
        public Tensor ceil_() => This(Native.kt_tensor_ceil_(Handle));

        /// <summary>x without its fraction, elementwise.</summary>
        public Tensor trunc() => Native.Own(Native.kt_tensor_trunc(Handle));

        /// <summary>x without its fraction, elementwise, in place.</summary>
        public Tensor trunc_() => This(Native.kt_tensor_trunc_(Handle));

        /// <summary>1 / x, elementwise.</summary>
        public Tensor reciprocal() => Native.Own(Native.kt_tensor_reciprocal(Handle));

        /// <summary>1 / x, elementwise, in place.</summary>
        public Tensor reciprocal_() => This(Native.kt_tensor_reciprocal_(Handle));

        /// <summary>True where x is 0, elementwise.</summary>
        public Tensor logical_not() => Native.Own(Native.kt_tensor_logical_not(Handle));

        /// <summary>True where x is 0, elementwise, in place.</summary>
        public Tensor logical_not_() => This(Native.kt_tensor_logical_not_(Handle));

        /// <summary>All bits inverted; logical not of bool, elementwise.</summary>
        public Tensor bitwise_not() => Native.Own(Native.kt_tensor_bitwise_not(Handle));

        /// <summary>All bits inverted; logical not of bool, elementwise, in place.</summary>
        public Tensor bitwise_not_() => This(Native.kt_tensor_bitwise_not_(Handle));

        /// <inheritdoc cref="neg"/>
        public Tensor negative() => neg();

        /// <summary>True where x is not a number.</summary>
        public Tensor isnan() => Native.Own(Native.kt_tensor_isnan(Handle));

        /// <summary>True where x is plus or minus infinity.</summary>
        public Tensor isinf() => Native.Own(Native.kt_tensor_isinf(Handle));

        /// <summary>True where x is neither infinite nor not a number.</summary>
        public Tensor isfinite() => Native.Own(Native.kt_tensor_isfinite(Handle));

        /// <summary>Rounded to <paramref name="decimals"/> places; halves go to the even neighbour.</summary>
        public Tensor round(long decimals = 0) => Native.Own(Native.kt_tensor_round(Handle, decimals));

        /// <inheritdoc cref="round"/>
        public Tensor round_(long decimals = 0) => This(Native.kt_tensor_round_(Handle, decimals));
    }
}
