using System.Globalization;

namespace KdRobust.Support;

/// <summary>Reads the process table of Linux.</summary>
static class ServerProcesses
{
    /// <summary>Process ids whose parent is the given one.</summary>
    internal static IEnumerable<int> ChildrenOf(int parent) =>
        from folder in Directory.GetDirectories("/proc")
        where int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _)
        let fields = Fields(folder)
        where fields is not null && int.Parse(fields[1], CultureInfo.InvariantCulture) == parent
        select int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);

    /// <summary>True while a process exists and is no zombie of its parent.</summary>
    internal static bool IsAlive(int process) => Fields(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}")) is { } fields && fields[0] is not ("Z" or "X");

    /// <summary>When a process started, in ticks since boot: tells a process from a later one with the same id. Null when it is gone.</summary>
    internal static string? StartOf(int process) => Fields($"/proc/{process}")?[19];

    /// <summary>The fields of a process's stat file from the third (its state) on.</summary>
    static string[]? Fields(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // It ended while we looked.
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
