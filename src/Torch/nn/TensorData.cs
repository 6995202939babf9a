using KdRobust.Torch.Interop;

namespace TorchSharp;

/// <summary>What modules do to the storage under a tensor.</summary>
internal static class TensorData
{
    /// <summary>A second handle to the same tensor.</summary>
    internal static torch.Tensor Alias(torch.Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return Native.Own(Native.kt_tensor_alias(tensor.Handle));
    }

    /// <summary>A new leaf on the tensor's storage; the tensor itself is closed.</summary>
    /// <exception cref="InvalidOperationException">Only floating-point tensors can require a gradient.</exception>
    internal static IntPtr TakeAsLeaf(torch.Tensor data, bool requires_grad)
    {
        ArgumentNullException.ThrowIfNull(data);
        var leaf = Native.kt_nn_leaf(data.Handle, requires_grad);
        if (leaf == IntPtr.Zero)
            throw KdRobust.Torch.TorchException.OfLastCall();
        data.Dispose();
        return leaf;
    }

    /// <summary>Lets <paramref name="tensor"/> take over type, device and values of another and stay the same object for optimizers.</summary>
    internal static void Replace(torch.Tensor tensor, torch.Tensor data) => Native.Check(Native.kt_nn_set_data(tensor.Handle, data.Handle));
}
