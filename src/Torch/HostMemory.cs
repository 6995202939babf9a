using KdRobust.Torch.Interop;

namespace KdRobust.Torch;

/// <summary>
/// The memory of large CPU tensors (64 KiB and more). It comes from a heap of the native library that keeps what is freed:
/// tensors of the same sizes come and go at every step, and returning them to the system each time costs a third of the
/// CPU time of a small network's attack. KDR_MALLOC=system in the environment leaves libtorch's own allocator in place.
/// </summary>
public static class HostMemory
{
    internal const string Variable = "KDR_MALLOC";

    /// <summary>Whether the heap is in place; false where the system reserves no addresses for it, or with KDR_MALLOC=system.</summary>
    /// <exception cref="NativeLibraryException">The native library is missing or does not fit.</exception>
    public static bool KeepsFreed
    {
        get
        {
            Native.kt_abi_version();
            return NativeLibraryLoader.KeepsFreedMemory;
        }
    }

    /// <summary>Bytes in use, the most there ever were, and the extent of the heap, which never shrinks. All 0 without the heap.</summary>
    public static (long InUse, long Peak, long Extent) Figures
    {
        get
        {
            Native.Check(Native.kt_memory_figures(out var inUse, out var peak, out var extent));
            return (inUse, peak, extent);
        }
    }

    /// <summary>Gives the memory of freed tensors back to the system, as between two jobs of one process.</summary>
    public static void Trim() => Native.Check(Native.kt_memory_trim());
}
