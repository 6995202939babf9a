using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

/// <summary>
/// Owns one native tensor. Native calls take the handle, not the pointer, so a tensor cannot be freed while a call uses it,
/// neither by the finalizer nor by another thread.
/// </summary>
internal sealed class TensorHandle : SafeHandle
{
    /// <summary>The absent tensor of an optional argument.</summary>
    internal static readonly TensorHandle None = new();

    private TensorHandle() : base(IntPtr.Zero, ownsHandle: false) { }

    internal TensorHandle(IntPtr tensor) : base(IntPtr.Zero, ownsHandle: true)
    {
        SetHandle(tensor);
        TensorStatistics.CountCreated();
    }

    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <summary>Gives the native tensor away: the caller owns the pointer, this handle is closed.</summary>
    internal IntPtr Release()
    {
        ObjectDisposedException.ThrowIf(IsClosed, typeof(TorchSharp.torch.Tensor));
        var tensor = handle;
        SetHandleAsInvalid();
        GC.SuppressFinalize(this);
        TensorStatistics.CountDisposed();
        return tensor;
    }

    protected override bool ReleaseHandle()
    {
        Native.kt_tensor_free(handle);
        TensorStatistics.CountDisposed();
        return true;
    }
}
