using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// What a run computes with. The number of threads changes the order of additions and with it the last digits, so it is
/// fixed before anything is computed and recorded with every result.
/// </summary>
public static class ComputeEnvironment
{
    static readonly string[] ThreadVariables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

    /// <summary>
    /// Environment variables the parent must set before it starts a process that computes: BLAS and OpenMP read them when
    /// they are loaded, which is too early for the process itself.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Variables(int threads) =>
        ThreadVariables.ToDictionary(v => v, _ => FormattableString.Invariant($"{threads}"), StringComparer.Ordinal);

    /// <summary>Pins this process to the threads of a job and returns what its results are computed with.</summary>
    /// <exception cref="RunInputException">The device is not there.</exception>
    public static RunProvenance Pin(ComputeSpec compute)
    {
        if (compute.Device == DeviceKind.Cuda && !cuda.is_available())
            throw new RunInputException("compute.device is cuda, but this libtorch sees no NVIDIA GPU: run on a machine that has one (kdr doctor shows what was found), or set compute.device to cpu");
        set_num_threads(compute.Threads);
        // Reported numbers are float32; TF32 would round factors to 10 bits on a GPU.
        backends.cudnn.allow_tf32 = false;
        backends.cuda.matmul.allow_tf32 = false;
        // A resumed run must give the same numbers: cuDNN may neither choose an algorithm by the clock nor add in any order.
        TorchRuntime.CudnnBenchmark = false;
        TorchRuntime.CudnnDeterministic = true;
        return new RunProvenance(BuildVersion, __version__, BlasLibrary.Describe(compute.Threads), compute.Device == DeviceKind.Cuda ? "cuda" : "cpu", compute.Threads);
    }

    /// <summary>What computes, for people: the model of the GPU, or the CPU's threads.</summary>
    public static string DeviceName(ComputeSpec compute) => compute.Device != DeviceKind.Cuda ? FormattableString.Invariant($"CPU, {compute.Threads} thread(s)")
        : TorchRuntime.BuiltWithCuda ? CudaProperties.Of().Name
        : "a stand-in for a GPU";

    /// <summary>The tensor device of a job.</summary>
    internal static Device DeviceOf(ComputeSpec compute) => device(compute.Device == DeviceKind.Cuda ? "cuda" : "cpu");

    static string BuildVersion =>
        typeof(ComputeEnvironment).Assembly.GetCustomAttributes(typeof(System.Reflection.AssemblyInformationalVersionAttribute), false)
            is [System.Reflection.AssemblyInformationalVersionAttribute version, ..] ? version.InformationalVersion : "unknown";
}
