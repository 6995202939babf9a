using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;

[assembly: DisableRuntimeMarshalling]

namespace KdRobust.Torch.Interop;

/// <summary>The C ABI of <c>libkdr_torch.so</c> (native/kdr_torch.h), one partial file a family of functions.</summary>
internal static partial class Native
{
    internal const string Library = "kdr_torch";

    /// <summary>The number of the ABI these declarations were written for (KT_ABI_VERSION).</summary>
    internal const int AbiVersion = 1;

    static Native() => NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, NativeLibraryLoader.Resolve);

    /// <summary>Throws the exception of the native call that just failed on this thread, when <paramref name="status"/> is not 0.</summary>
    internal static void Check(int status)
    {
        if (status != 0) throw TorchException.OfLastCall();
    }

    /// <summary>Wraps a tensor made by a native call; throws that call's exception when it made none.</summary>
    internal static torch.Tensor Own(IntPtr tensor)
    {
        if (tensor == IntPtr.Zero) throw TorchException.OfLastCall();
        return new torch.Tensor(tensor);
    }

    /// <summary>The handle of an optional tensor argument.</summary>
    internal static TensorHandle OrNone(torch.Tensor? tensor) => tensor is null ? TensorHandle.None : tensor.Handle;

    /// <summary>The handle of an optional generator argument.</summary>
    internal static GeneratorHandle OrNone(torch.Generator? generator) => generator is null ? GeneratorHandle.None : generator.Handle;

    /// <summary>An optional element type as the ABI wants it: -1 when not given.</summary>
    internal static int TypeOf(torch.ScalarType? dtype) => dtype is { } given ? (int)given : -1;

    /// <summary>The type of an optional device as the ABI wants it: -1 when not given.</summary>
    internal static int TypeOf(torch.Device? device) => device is null ? -1 : (int)device.type;

    /// <summary>The index of an optional device, -1 when there is none.</summary>
    internal static int IndexOf(torch.Device? device) => device?.index ?? -1;

    internal static string Text(IntPtr utf8) => Marshal.PtrToStringUTF8(utf8) ?? "";

    [LibraryImport(Library)] internal static partial IntPtr kt_last_error();
    [LibraryImport(Library)] internal static partial int kt_abi_version();
    [LibraryImport(Library)] internal static partial IntPtr kt_built_version();
    [LibraryImport(Library)] internal static partial IntPtr kt_loaded_version();
    [LibraryImport(Library)] internal static partial IntPtr kt_build_summary();
    [LibraryImport(Library)] internal static partial Flag kt_built_with_cuda();
    [LibraryImport(Library)] internal static partial int kt_get_num_threads();
    [LibraryImport(Library)] internal static partial int kt_set_num_threads(int threads);
    [LibraryImport(Library)] internal static partial int kt_get_num_interop_threads();
    [LibraryImport(Library)] internal static partial int kt_set_num_interop_threads(int threads);
    [LibraryImport(Library)] internal static partial int kt_get_flag(ProcessFlag flag);
    [LibraryImport(Library)] internal static partial int kt_set_flag(ProcessFlag flag, Flag value);
    [LibraryImport(Library)] internal static partial Flag kt_autocast_is_enabled(int deviceType);
    [LibraryImport(Library)] internal static partial int kt_autocast_dtype(int deviceType);
    [LibraryImport(Library)] internal static partial int kt_autocast_set(int deviceType, Flag enabled, int dtype);
    [LibraryImport(Library)] internal static partial int kt_autocast_nesting(Flag enter);
}

/// <summary>The switches of kt_get_flag and kt_set_flag.</summary>
internal enum ProcessFlag
{
    Deterministic = 0,
    Tf32Cudnn = 1,
    Tf32Matmul = 2,
    CudnnBenchmark = 3,
    CudnnDeterministic = 4,
    Mkldnn = 5,
}

/// <summary>A C# bool as the ABI's int32_t.</summary>
internal readonly struct Flag(bool value)
{
    private readonly int value = value ? 1 : 0;

    public static implicit operator Flag(bool value) => new(value);

    public static implicit operator bool(Flag flag) => flag.value != 0;
}
