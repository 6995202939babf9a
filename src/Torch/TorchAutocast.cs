using KdRobust.Torch.Interop;
using TorchSharp;

namespace KdRobust.Torch;

/// <summary>
/// Until disposed, convolutions and matrix products of this thread run in a reduced type on one kind of device; sums and
/// losses stay in float32. Regions nest. bfloat16 needs no scaling of the loss.
/// </summary>
public sealed class TorchAutocast : IDisposable
{
    private readonly int deviceType;
    private readonly bool enabledBefore;
    private readonly int dtypeBefore;
    private readonly int thread = Environment.CurrentManagedThreadId;
    private bool ended;

    /// <param name="device">The kind of device whose operations are cast.</param>
    /// <param name="dtype">bfloat16, or on CUDA also float16.</param>
    /// <param name="enabled">False switches a surrounding region off.</param>
    /// <exception cref="ArgumentException">The device cannot autocast to the type.</exception>
    public TorchAutocast(DeviceType device = DeviceType.CPU, torch.ScalarType dtype = torch.ScalarType.BFloat16, bool enabled = true)
    {
        if (dtype != torch.ScalarType.BFloat16 && (device == DeviceType.CPU || dtype != torch.ScalarType.Float16))
            throw new ArgumentException($"Autocast on {device} cannot use {dtype}; expected bfloat16{(device == DeviceType.CPU ? "" : " or float16")}.", nameof(dtype));
        deviceType = (int)device;
        enabledBefore = Native.kt_autocast_is_enabled(deviceType);
        dtypeBefore = Native.kt_autocast_dtype(deviceType);
        Native.Check(Native.kt_autocast_nesting(true));
        Native.Check(Native.kt_autocast_set(deviceType, enabled, (int)dtype));
    }

    /// <summary>Whether a region is open on this thread for a kind of device.</summary>
    public static bool IsEnabled(DeviceType device = DeviceType.CPU) => Native.kt_autocast_is_enabled((int)device);

    /// <exception cref="InvalidOperationException">This is not the thread that opened the region.</exception>
    public void Dispose()
    {
        if (ended) return;
        if (thread != Environment.CurrentManagedThreadId)
            throw new InvalidOperationException($"An autocast region belongs to the thread that opened it (thread {thread}); close it there.");
        ended = true;
        Native.Check(Native.kt_autocast_set(deviceType, enabledBefore, dtypeBefore));
        Native.Check(Native.kt_autocast_nesting(false));
    }
}
