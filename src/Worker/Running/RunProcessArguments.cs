using System.Globalization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Worker.Running;

/// <summary>What a run process is started with.</summary>
/// <param name="LockFile">The device's lock.</param>
/// <param name="Compute">Device and threads, fixed for the life of the process.</param>
sealed record RunProcessArguments(string LockFile, ComputeSpec Compute)
{
    internal const string Verb = "run-process";

    internal string[] Line => [Verb, LockFile, Compute.Device == DeviceKind.Cuda ? "cuda" : "cpu", Compute.Threads.ToString(CultureInfo.InvariantCulture)];

    /// <summary>Null when the line is not one of ours.</summary>
    internal static RunProcessArguments? Parse(ReadOnlySpan<string> line) =>
        line is [Verb, var file, "cpu" or "cuda", var threads] && int.TryParse(threads, CultureInfo.InvariantCulture, out var count)
            ? new RunProcessArguments(file, new ComputeSpec { Device = line[2] == "cuda" ? DeviceKind.Cuda : DeviceKind.Cpu, Threads = count, Precision = Precision.Float32 })
            : null;
}
