using KdRobust.Domain.Jobs;

namespace KdRobust.Worker.Devices;

/// <summary>
/// What an error says about memory and hardware, by the words CUDA and its libraries use for it: libtorch passes them on
/// as text. Anything else is a crash.
/// </summary>
static class DeviceFault
{
    static readonly string[] OutOfMemory =
    [
        "CUDA out of memory", "CUDA error: out of memory", "cudaErrorMemoryAllocation", "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED",
        "DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory",
    ];

    // What the driver says, and the name of the error. A failed assertion in a kernel is a bug, not among them.
    static readonly (string Words, string Name)[] Hardware =
    [
        ("uncorrectable ECC error", "cudaErrorECCUncorrectable"),
        ("uncorrectable NVLink error", "cudaErrorNvlinkUncorrectable"),
        ("hardware stack error", "cudaErrorHardwareStackError"),
        ("an illegal instruction was encountered", "cudaErrorIllegalInstruction"),
        ("an illegal memory access was encountered", "cudaErrorIllegalAddress"),
        ("misaligned address", "cudaErrorMisalignedAddress"),
        ("invalid program counter", "cudaErrorInvalidPc"),
        ("unspecified launch failure", "cudaErrorLaunchFailure"),
        ("the launch timed out and was terminated", "cudaErrorLaunchTimeout"),
        ("CUDA-capable device(s) is/are busy or unavailable", "cudaErrorDevicesUnavailable"),
        ("no CUDA-capable device is detected", "cudaErrorNoDevice"),
        ("CUDA error: unknown error", "cudaErrorUnknown"),
    ];

    /// <summary>Out of memory, hardware, or a crash.</summary>
    internal static FailureKind KindOf(Exception error) => error is OutOfMemoryException ? FailureKind.OutOfMemory : KindOf(error.ToString());

    /// <summary>The same, of what a process printed before it ended.</summary>
    internal static FailureKind KindOf(string text) =>
        OutOfMemory.Any(words => text.Contains(words, StringComparison.OrdinalIgnoreCase)) ? FailureKind.OutOfMemory
        : HardwareErrorIn(text) is not null ? FailureKind.Hardware
        : FailureKind.Crash;

    /// <summary>The name of the first hardware error that a text speaks of; null when it speaks of none.</summary>
    internal static string? HardwareErrorIn(string text) =>
        text.Contains("CUDA", StringComparison.OrdinalIgnoreCase)
            ? Hardware.FirstOrDefault(known => text.Contains(known.Words, StringComparison.OrdinalIgnoreCase) || text.Contains(known.Name, StringComparison.Ordinal)).Name
            : null;
}
