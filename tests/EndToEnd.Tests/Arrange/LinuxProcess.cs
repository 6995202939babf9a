using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>Processes of this machine.</summary>
static partial class LinuxProcess
{
    /// <summary>The run processes of a supervisor.</summary>
    public static IReadOnlyList<int> RunProcessesOf(int supervisor) =>
        [.. All().Where(id => Parent(id) == supervisor && Text($"/proc/{id}/cmdline").Contains("run-process", StringComparison.Ordinal))];

    public static bool Runs(int id) => Stat(id) is { } fields && fields[0] is not ("Z" or "X");

    /// <summary>SIGKILL: nothing of it can react.</summary>
    public static void Kill(int id) => Signal(id, 9).ShouldBe(0, $"process {id} could not be killed");

    /// <summary>The most memory it ever held, in MiB.</summary>
    public static int PeakMebibytes(int id) =>
        int.Parse(Text($"/proc/{id}/status").Split('\n').Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) / 1024;

    public static async Task ShouldEnd(int id, TimeSpan limit)
    {
        for (var begun = Stopwatch.GetTimestamp(); Runs(id); await Task.Delay(20))
            Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(limit, $"process {id} ({Text($"/proc/{id}/cmdline").Replace('\0', ' ')}) still runs");
    }

    static IEnumerable<int> All() => from folder in Directory.GetDirectories("/proc")
                                     where int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _)
                                     select int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);

    static int Parent(int id) => Stat(id) is { } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : 0;

    static string[]? Stat(int id) => Text($"/proc/{id}/stat") is { Length: > 0 } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ""; // It ended while we looked.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
