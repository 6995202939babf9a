using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace KdRobust.Cli.Local;

/// <summary>A process and when it began, in ticks since boot: a later process with the same id is another one.</summary>
sealed partial record ProcessIdentity(int Id, string Started)
{
    /// <summary>The identity of a running process; null when there is none of that id.</summary>
    public static ProcessIdentity? Of(int id) => Stat(id) is { } fields ? new ProcessIdentity(id, fields[19]) : null;

    public static ProcessIdentity Ours { get; } = Of(Environment.ProcessId)!;

    /// <summary>True while exactly this process runs (a zombie that waits to be collected does not).</summary>
    [JsonIgnore]
    public bool Alive => Stat(Id) is { } fields && fields[19] == Started && fields[0] is not ("Z" or "X");

    /// <summary>Sends a signal, if exactly this process is still there.</summary>
    public void Signal(UnixSignal signal)
    {
        if (Alive) _ = Kill(Id, (int)signal);
    }

    /// <summary>Waits until it is gone; false when that takes longer than <paramref name="limit"/>.</summary>
    public async Task<bool> Gone(TimeSpan limit)
    {
        // Not our child: the kernel tells nobody but its parent, so we look.
        for (var end = TimeProvider.System.GetTimestamp() + (long)(limit.TotalSeconds * TimeProvider.System.TimestampFrequency); Alive; await Task.Delay(20))
            if (TimeProvider.System.GetTimestamp() > end) return false;
        return true;
    }

    /// <summary>Fields of /proc/ID/stat from the third (the state) on; null when the process is gone.</summary>
    static string[]? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>The signals we send, by their numbers on Linux.</summary>
enum UnixSignal { Interrupt = 2, Quit = 3, Kill = 9, Terminate = 15 }
