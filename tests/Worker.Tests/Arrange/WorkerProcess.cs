using KdRobust.Support;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace KdRobust.Worker.Tests.Arrange;

/// <summary>A supervisor in a process of its own, with its run processes; can be killed, halted and drained.</summary>
public sealed partial class WorkerProcess : IAsyncDisposable
{
    const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    readonly Process process;
    readonly List<string> lines = [];

    WorkerProcess(Process process, string name)
    {
        (this.process, Name) = (process, name);
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int ProcessId => process.Id;

    public bool HasEnded => process.HasExited;

    /// <summary>Everything it printed.</summary>
    public string Printed
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    /// <summary>Starts one on a database; returns at once.</summary>
    public static WorkerProcess Start(
        string name, string database, string folder, int cores, int lease, int drain, IEnumerable<string> more, IReadOnlyDictionary<string, string?>? environment = null) =>
        StartProgram(
            "KdRobust.ActionWorker", name, database,
            [.. more.Prepend("serve"), "--name", name, "--cores", Text(cores), "--lease", Text(lease), "--drain", Text(drain), "--data", folder, "--scratch", Path.Combine(folder, "scratch", name)], environment);

    /// <summary>Starts a worker as it is installed: its runs compute.</summary>
    public static WorkerProcess StartReal(string name, TestDatabase database, string folder, int lease) =>
        StartProgram("KdRobust.Worker", name, database.ConnectionString, ["serve", "--name", name, "--cores", "1", "--lease", Text(lease), "--data", folder, "--scratch", Path.Combine(folder, "scratch", name)]);

    /// <summary>Starts the program with any command line.</summary>
    public static WorkerProcess Start(string name, string connectionString, params IEnumerable<string> arguments) =>
        StartProgram("KdRobust.ActionWorker", name, connectionString, arguments);

    static WorkerProcess StartProgram(string program, string name, string connectionString, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, program), arguments)
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["KDR_DATABASE"] = connectionString;
        foreach (var (variable, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[variable] = value;
        return new WorkerProcess(Process.Start(start)!, name);
    }

    /// <summary>Process ids of its living run processes.</summary>
    public IReadOnlyList<int> RunProcesses() =>
        [.. Directory.GetDirectories("/proc").Select(Path.GetFileName)
            .Where(id => int.TryParse(id, CultureInfo.InvariantCulture, out _) && ParentOf(id!) == process.Id)
            .Select(id => int.Parse(id!, CultureInfo.InvariantCulture))];

    public void KillHard() => Signal(process.Id, Kill);

    public static void KillHard(int processId) => Signal(processId, Kill);

    public void Halt() => Signal(process.Id, Stop);

    public void GoOn() => Signal(process.Id, Continue);

    /// <summary>Asks it to drain and returns its exit code.</summary>
    public async Task<int> Drain(double seconds = 30)
    {
        Signal(process.Id, Terminate);
        return await Ended(seconds);
    }

    public async Task<int> Ended(double seconds = 30)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"{Name} did not end within {seconds} s:\n{Printed}", late);
        }
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            Signal(process.Id, Kill);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    static string? Field(string id, int field)
    {
        try
        {
            // The program's name may hold spaces; what follows it does not.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[field];
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>True while a process exists and is no zombie of its parent.</summary>
    public static bool IsAlive(int processId) => Field(Text(processId), 0) is { } state && state != "Z";

    static int ParentOf(string id) => Field(id, 0) == "Z" ? 0 : int.TryParse(Field(id, 1), CultureInfo.InvariantCulture, out var parent) ? parent : 0;

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    static void Signal(int processId, int signal) => _ = SendSignal(processId, signal);

    void Keep(string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
