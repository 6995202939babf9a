using System.Globalization;
using System.Runtime.InteropServices;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary>Where a bench ran.</summary>
static class Machine
{
    public static string Kind => string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount}-core {(IsVirtual ? "virtual " : "")}machine, {RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}");

    public static string Cpu => CpuInfo("model name") ?? "unknown";

    /// <summary>Processes that wanted a core, averaged over 1, 5 and 15 minutes: ourselves and whatever else runs.</summary>
    public static double[] LoadAverage() =>
        [.. File.ReadAllText("/proc/loadavg").Split(' ').Take(3).Select(value => double.Parse(value, CultureInfo.InvariantCulture))];

    /// <summary>What computed a job.</summary>
    public static object Versions(RunProvenance provenance) => new { dotnet = Environment.Version.ToString(), libtorch = provenance.Libtorch, blas = provenance.Blas, kdrobust = provenance.Build };

    static bool IsVirtual => CpuInfo("flags")?.Split(' ').Contains("hypervisor") ?? false;

    static string? CpuInfo(string name) =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
