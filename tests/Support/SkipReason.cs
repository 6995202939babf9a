using System.Reflection;

namespace KdRobust.Support;

/// <summary>Why a kind of test does not run here, and what to do about it; null when it runs.</summary>
static class SkipReason
{
    internal static string? Golden { get; } = Unset(TestEnvironment.Golden, "KDR_GOLDEN", "the folder of the golden vectors (manifest.json)");

    internal static string? Data { get; } = Unset(TestEnvironment.Data, "KDR_DATA", "the folder that holds cifar10-mini/");

    internal static string? Weights { get; } = Unset(TestEnvironment.Weights, "KDR_WEIGHTS", "the folder of the public pretrained weights");

    internal static string? PrivatePostgres { get; } =
        PostgresPrograms.Find() is null ? PostgresPrograms.NotFound : null;

    internal static string? Postgres { get; } = PostgresCluster.ServerOfOthers is null ? PrivatePostgres : null;

    internal static string? PythonTorch { get; } =
        Support.PythonTorch.Find() is null ? Support.PythonTorch.NotFound : null;

    internal static string? Cuda { get; } = NoCuda();

    /// <summary>Why nothing can be computed on the device that KDR_DEVICE asks for.</summary>
    internal static string? Device { get; } =
        TestDevice.IsCuda && Cuda is { } missing ? $"{TestDevice.Variable}=cuda, but {missing}" : null;

    internal static string? Dotnet { get; } =
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "dotnet"))) ? null : "no dotnet on PATH to start another program with";

    static string? Unset(string? folder, string variable, string what) =>
        folder is null ? $"{variable} is not set: let it name {what}" : null;

    /// <summary>Asks the tensor library the test project brings, by name: this project references none.</summary>
    static string? NoCuda()
    {
        if (!File.Exists("/dev/nvidiactl") && !TestDevice.IsStandIn)
            return "no NVIDIA device on this machine";
        var cuda = Type.GetType("TorchSharp.torch+cuda, KdRobust.Torch") ?? Type.GetType("TorchSharp.torch+cuda, TorchSharp");
        var available = cuda?.GetMethod("is_available", BindingFlags.Public | BindingFlags.Static, []);
        return available?.Invoke(null, null) is true
            ? null
            : "this libtorch cannot use the NVIDIA device (built without CUDA, or the driver does not fit)";
    }
}
