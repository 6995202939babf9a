using KdRobust.Torch.Interop;

namespace KdRobust.Torch;

/// <summary>What is loaded, what it can do, and the switches TorchSharp lacks.</summary>
public static class TorchRuntime
{
    /// <summary>The native library's file.</summary>
    /// <exception cref="NativeLibraryException">It is missing or does not fit.</exception>
    public static string NativeLibraryFile
    {
        get
        {
            Native.kt_abi_version();
            return NativeLibraryLoader.LoadedFile!;
        }
    }

    /// <summary>libtorch's version of the headers the native library was compiled with, such as 1.13.0.</summary>
    public static string BuiltVersion => Native.Text(Native.kt_built_version());

    /// <summary>libtorch's version of the library that is loaded.</summary>
    public static string LoadedVersion => TorchSharp.torch.__version__;

    /// <summary>libtorch's description of its build: compilers, BLAS, oneDNN, instruction sets.</summary>
    public static string BuildSummary => Native.Text(Native.kt_build_summary());

    /// <summary>Whether the native library was built with CUDA; a device is another question.</summary>
    public static bool BuiltWithCuda => Native.kt_built_with_cuda();

    /// <summary>The extensions this library has. The same members exist without libtorch of our own, with every flag off.</summary>
    public static TorchCapabilities Capabilities { get; } =
        TorchCapabilities.Autocast | TorchCapabilities.ChannelsLast | TorchCapabilities.MemoryFigures | TorchCapabilities.Statistics;

    /// <summary>Whether operations without a deterministic version are refused. On the CPU all that this library uses have one.</summary>
    public static bool DeterministicAlgorithms
    {
        get => Native.kt_get_flag(ProcessFlag.Deterministic) == 1;
        set => Native.Check(Native.kt_set_flag(ProcessFlag.Deterministic, value));
    }

    /// <summary>Whether cuDNN tries several convolution algorithms and keeps the fastest; the choice may differ between runs.</summary>
    public static bool CudnnBenchmark
    {
        get => Native.kt_get_flag(ProcessFlag.CudnnBenchmark) == 1;
        set => Native.Check(Native.kt_set_flag(ProcessFlag.CudnnBenchmark, value));
    }

    /// <summary>Whether cuDNN uses deterministic algorithms only.</summary>
    public static bool CudnnDeterministic
    {
        get => Native.kt_get_flag(ProcessFlag.CudnnDeterministic) == 1;
        set => Native.Check(Native.kt_set_flag(ProcessFlag.CudnnDeterministic, value));
    }

    /// <summary>Whether oneDNN is used on the CPU. Off, convolutions are about five times slower.</summary>
    public static bool OneDnn
    {
        get => Native.kt_get_flag(ProcessFlag.Mkldnn) == 1;
        set => Native.Check(Native.kt_set_flag(ProcessFlag.Mkldnn, value));
    }
}

/// <summary>Extensions to TorchSharp's API.</summary>
[Flags]
public enum TorchCapabilities
{
    None = 0,

    /// <summary><see cref="TorchAutocast"/> runs in the reduced type.</summary>
    Autocast = 1,

    /// <summary><see cref="MemoryFormats"/> changes the layout.</summary>
    ChannelsLast = 2,

    /// <summary><see cref="CudaMemory"/> has figures.</summary>
    MemoryFigures = 4,

    /// <summary><see cref="TensorStatistics"/> counts.</summary>
    Statistics = 8,
}
