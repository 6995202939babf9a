using KdRobust.Torch.Interop;
using TorchSharp;

namespace KdRobust.Torch;

/// <summary>The memory of a CUDA device, in bytes.</summary>
/// <param name="Allocated">Held by tensors of this process.</param>
/// <param name="AllocatedPeak">The most that tensors held since the start or the last reset.</param>
/// <param name="Reserved">Held by libtorch, for tensors and as a cache.</param>
/// <param name="ReservedPeak">The most that libtorch held.</param>
/// <param name="Free">Free on the device, over all processes.</param>
/// <param name="Total">What the device has.</param>
public sealed record CudaMemory(long Allocated, long AllocatedPeak, long Reserved, long ReservedPeak, long Free, long Total)
{
    /// <summary>The figures of a device; the current one when not given.</summary>
    /// <exception cref="TorchException">There is no such device, or the native library was built without CUDA.</exception>
    public static CudaMemory Of(torch.Device? device = null)
    {
        Native.Check(Native.kt_cuda_memory_of(device?.index ?? -1, out var memory));
        return new CudaMemory(memory.Allocated, memory.AllocatedPeak, memory.Reserved, memory.ReservedPeak, memory.Free, memory.Total);
    }

    /// <summary>Counts the peaks from now.</summary>
    public static void ResetPeak(torch.Device? device = null) => Native.Check(Native.kt_cuda_reset_peak(device?.index ?? -1));

    /// <summary>Gives libtorch's unused memory back to the device. Without CUDA: nothing.</summary>
    public static void EmptyCache() => Native.Check(Native.kt_cuda_empty_cache());
}

/// <summary>What a CUDA device is.</summary>
/// <param name="Name">The model.</param>
/// <param name="TotalMemory">Bytes.</param>
/// <param name="Major">Compute capability, before the dot.</param>
/// <param name="Minor">Compute capability, after the dot.</param>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
public sealed record CudaProperties(string Name, long TotalMemory, int Major, int Minor, int Multiprocessors)
{
    /// <summary>The properties of a device; the current one when not given.</summary>
    /// <exception cref="TorchException">There is no such device, or the native library was built without CUDA.</exception>
    public static unsafe CudaProperties Of(torch.Device? device = null)
    {
        Native.Check(Native.kt_cuda_properties_of(device?.index ?? -1, out var found));
        return new CudaProperties(Native.Text((IntPtr)found.Name), found.TotalMemory, found.Major, found.Minor, found.Multiprocessors);
    }
}
