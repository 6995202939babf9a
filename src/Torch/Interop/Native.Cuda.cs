using System.Runtime.InteropServices;

namespace KdRobust.Torch.Interop;

internal static partial class Native
{
    [LibraryImport(Library)] internal static partial int kt_cuda_device_count();
    [LibraryImport(Library)] internal static partial Flag kt_cuda_cudnn_available();
    [LibraryImport(Library)] internal static partial int kt_cuda_manual_seed_all(ulong seed);
    [LibraryImport(Library)] internal static partial int kt_cuda_synchronize(int device_index);
    [LibraryImport(Library)] internal static partial int kt_cuda_empty_cache();
    [LibraryImport(Library)] internal static partial int kt_cuda_memory_of(int device_index, out NativeCudaMemory memory);
    [LibraryImport(Library)] internal static partial int kt_cuda_reset_peak(int device_index);
    [LibraryImport(Library)] internal static partial int kt_cuda_properties_of(int device_index, out NativeCudaProperties properties);
}

/// <summary>kt_cuda_memory, in bytes.</summary>
internal readonly record struct NativeCudaMemory(long Allocated, long AllocatedPeak, long Reserved, long ReservedPeak, long Free, long Total);

/// <summary>kt_cuda_properties.</summary>
internal unsafe struct NativeCudaProperties
{
    internal long TotalMemory;
    internal int Major, Minor, Multiprocessors;
    internal fixed byte Name[256];
}
