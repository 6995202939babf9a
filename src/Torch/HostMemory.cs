using KdRobust.Torch.Interop;

namespace KdRobust.Torch;

/// <summary>
/// The memory of CPU tensors. Loading the native library makes the C library keep freed memory for this process: tensors of
/// the same sizes come and go at every step, and returning them to the system each time costs a third of the CPU time of
/// a small network's attack. KDR_MALLOC=system in the environment leaves the C library as it is.
/// </summary>
public static class HostMemory
{
    internal const string Variable = "KDR_MALLOC";

    /// <summary>Whether freed memory is kept; false where the C library is not glibc, or KDR_MALLOC=system.</summary>
    /// <exception cref="NativeLibraryException">The native library is missing or does not fit.</exception>
    public static bool KeepsFreed
    {
        get
        {
            Native.kt_abi_version();
            return NativeLibraryLoader.KeepsFreedMemory;
        }
    }

    /// <summary>Gives freed memory back to the system, as between two jobs of one process. True when there was some.</summary>
    public static bool Trim() => Native.kt_memory_trim();
}
