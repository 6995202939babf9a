using System.Globalization;

namespace KdRobust.Cli.Benches;

/// <summary>What processes use, as /proc tells.</summary>
static class ProcessUse
{
    // Fields of /proc/ID/stat count from the state, the third: parent 1, own user and system time 11 and 12, that of collected children 13 and 14.
    const int Parent = 1, OwnTime = 11, ChildrenTime = 13;
    const double TicksPerSecond = 100; // The kernel's constant for everything it tells to programs, whatever its own clock.

    /// <summary>Processor seconds, user and system, of a process; 0 when it is gone.</summary>
    public static double CpuSeconds(int id) => Stat(id) is { } stat ? Ticks(stat, OwnTime) / TicksPerSecond : 0;

    /// <summary>The same of a process and of all below it that live.</summary>
    public static double TreeCpuSeconds(int root) => Tree(root).Sum(CpuSeconds);

    /// <summary>Processor seconds of children of this process that have ended.</summary>
    public static double CpuSecondsOfEndedChildren() => CpuSecondsOfEndedChildren(Environment.ProcessId);

    /// <summary>Processor seconds of children of a process that have ended.</summary>
    public static double CpuSecondsOfEndedChildren(int id) => Stat(id) is { } stat ? Ticks(stat, ChildrenTime) / TicksPerSecond : 0;

    /// <summary>Resident memory in MiB; null when the process is gone.</summary>
    public static double? ResidentMiB(int id) => MiB(id, "status", "VmRSS:");

    /// <summary>Largest resident memory so far in MiB; null when the process is gone.</summary>
    public static double? PeakMiB(int id) => MiB(id, "status", "VmHWM:");

    /// <summary>Proportional memory in MiB of a process and of all below it: a page that several share counts once.</summary>
    public static double TreeProportionalMiB(int root) => Tree(root).Sum(id => MiB(id, "smaps_rollup", "Pss:") ?? 0);

    /// <summary>Processes whose parent this is.</summary>
    public static IReadOnlyList<int> Children(int id) => [.. All().Where(p => p.Parent == id).Select(p => p.Id)];

    static IEnumerable<int> Tree(int root)
    {
        var children = All().ToLookup(p => p.Parent, p => p.Id);
        var open = new Queue<int>([root]);
        while (open.TryDequeue(out var id))
        {
            yield return id;
            foreach (var child in children[id]) open.Enqueue(child);
        }
    }

    static IEnumerable<(int Id, int Parent)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Stat(id) is { } stat)
                yield return (id, int.Parse(stat[Parent], CultureInfo.InvariantCulture));
    }

    static double? MiB(int id, string file, string name)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/{file}").FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
            return line is null ? null : double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (IOException)
        {
            return null; // It ended while we looked.
        }
    }

    static double Ticks(string[] stat, int first) => double.Parse(stat[first], CultureInfo.InvariantCulture) + double.Parse(stat[first + 1], CultureInfo.InvariantCulture);

    static string[]? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // It ended while we looked.
        }
    }
}
