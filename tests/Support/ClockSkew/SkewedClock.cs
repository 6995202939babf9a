using System.Globalization;

namespace KdRobust.Support;

/// <summary>
/// Starts processes whose wall clock is wrong: a few lines of C, compiled once per test process, are preloaded into them. This
/// process and the database's server keep the right time.
/// </summary>
public static class SkewedClock
{
    static readonly Lazy<Task<string>> Library = new(Compile);

    /// <summary>Why there is no such clock here; null when there is.</summary>
    public static string? Missing { get; } =
        !OperatingSystem.IsLinux() ? "a wrong clock is preloaded into processes of Linux only"
        : Compiler is null ? "no C compiler (cc or gcc) on PATH to make a wrong clock with: install gcc" : null;

    static string? Compiler =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').SelectMany(folder => new[] { "cc", "gcc" }.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);

    /// <summary>Variables for the process.</summary>
    /// <param name="skew">By how much its wall clock is ahead; negative when it is behind.</param>
    public static async Task<IReadOnlyDictionary<string, string?>> Variables(TimeSpan skew) => new Dictionary<string, string?>
    {
        ["LD_PRELOAD"] = await Library.Value,
        ["KDR_CLOCK_SKEW"] = ((long)skew.TotalSeconds).ToString(CultureInfo.InvariantCulture),
    };

    static async Task<string> Compile()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-clock-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        var library = Path.Combine(folder, "clock_skew.so");
        var made = await ChildProcess.Run(Compiler!, ["-shared", "-fPIC", "-O1", "-o", library, Path.Combine(AppContext.BaseDirectory, "ClockSkew", "clock_skew.c"), "-ldl"]);
        return made.ExitCode == 0 ? library : throw new InvalidOperationException($"the wrong clock does not compile: {made.Text}");
    }
}
