using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

/// <summary>Owns one native generator.</summary>
internal sealed class GeneratorHandle : SafeHandle
{
    /// <summary>The absent generator of an optional argument: the default one of the device.</summary>
    internal static readonly GeneratorHandle None = new();

    private GeneratorHandle() : base(IntPtr.Zero, ownsHandle: false) { }

    internal GeneratorHandle(IntPtr generator) : base(IntPtr.Zero, ownsHandle: true)
    {
        if (generator == IntPtr.Zero) throw TorchException.OfLastCall();
        SetHandle(generator);
    }

    public override bool IsInvalid => handle == IntPtr.Zero;

    protected override bool ReleaseHandle()
    {
        Native.kt_generator_free(handle);
        return true;
    }
}
