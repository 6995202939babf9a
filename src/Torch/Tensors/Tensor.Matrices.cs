using KdRobust.Torch.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The product of matrices [.., N, K] and [.., K, M] -> [.., N, M]; vectors and batches as in PyTorch.</summary>
        public Tensor matmul(Tensor target) => Native.Own(Native.kt_tensor_matmul(Handle, target.Handle));

        /// <summary>[N, K] x [K, M] -> [N, M].</summary>
        public Tensor mm(Tensor target) => Native.Own(Native.kt_tensor_mm(Handle, target.Handle));

        /// <summary>[B, N, K] x [B, K, M] -> [B, N, M].</summary>
        public Tensor bmm(Tensor batch2) => Native.Own(Native.kt_tensor_bmm(Handle, batch2.Handle));

        /// <summary>[N, K] x [K] -> [N].</summary>
        public Tensor mv(Tensor target) => Native.Own(Native.kt_tensor_mv(Handle, target.Handle));

        /// <summary>The inner product of two vectors.</summary>
        public Tensor dot(Tensor target) => Native.Own(Native.kt_tensor_dot(Handle, target.Handle));

        /// <summary>[N], [M] -> [N, M].</summary>
        public Tensor outer(Tensor vec2) => Native.Own(Native.kt_tensor_outer(Handle, vec2.Handle));

        /// <summary>beta * x + alpha * mat1 mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            Native.Own(Native.kt_tensor_addmm(Handle, mat1.Handle, mat2.Handle, ((Scalar)beta).Native, ((Scalar)alpha).Native));

        /// <inheritdoc cref="addmm"/>
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) =>
            This(Native.kt_tensor_addmm_(Handle, mat1.Handle, mat2.Handle, ((Scalar)beta).Native, ((Scalar)alpha).Native));
    }
}
