using System.Globalization;

namespace KdRobust.Learning.Runs;

/// <summary>Which BLAS this process computes with: it orders additions, so it belongs to the provenance of a number.</summary>
internal static class BlasLibrary
{
    const string MappedFiles = "/proc/self/maps";
    static readonly string[] Known = ["libopenblas", "libmkl_rt", "libmkl_core", "libblis", "libnvpl_blas", "libblas"];

    /// <summary>The loaded library's file name, and whether its threads were pinned when this process was started, e.g. <c>libopenblasp-r0.3.21.so, 1 thread</c>.</summary>
    public static string Describe(int threads)
    {
        var wanted = threads.ToString(CultureInfo.InvariantCulture);
        var pinned = ComputeEnvironment.Variables(threads).Keys.All(v => Environment.GetEnvironmentVariable(v) == wanted);
        return $"{Loaded() ?? "unknown"}, {(pinned ? $"{wanted} {(threads == 1 ? "thread" : "threads")}" : "threads not pinned")}";
    }

    // The kernel shows real files, not the alternatives that lead to them.
    static string? Loaded()
    {
        if (!File.Exists(MappedFiles)) return null;
        var files = File.ReadLines(MappedFiles)
            .Select(line => line.IndexOf('/') is >= 0 and var at ? Path.GetFileName(line[at..]) : "")
            .Where(name => name.Length > 0)
            .ToHashSet(StringComparer.Ordinal);
        return Known
            .Select(known => files.FirstOrDefault(f => f.StartsWith(known, StringComparison.Ordinal)))
            .FirstOrDefault(f => f is not null);
    }
}
