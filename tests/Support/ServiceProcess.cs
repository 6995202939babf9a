using System.Diagnostics;

namespace KdRobust.Support;

/// <summary>A program of ours that runs until it is told to end, with what it printed last. Killed when disposed, and when this process dies.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    const int KeptLines = 3000;

    readonly Process process;
    readonly Queue<string> lines = [];
    volatile bool disposed;

    ServiceProcess(Process process)
    {
        this.process = process;
        Id = process.Id;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>True once it has ended, also after this was disposed: others may ask meanwhile.</summary>
    public bool HasEnded => disposed || process.HasExited;

    /// <summary>True once we have told it to end or killed it.</summary>
    public bool WasTold { get; private set; }

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Everything it printed so far, but no more than the last few thousand lines.</summary>
    public string Printed
    {
        get
        {
            lock (lines)
                return string.Join('\n', lines);
        }
    }

    /// <summary>Starts an assembly under dotnet; returns at once.</summary>
    /// <param name="assembly">Path of the dll.</param>
    /// <param name="arguments">One entry per argument.</param>
    /// <param name="environment">Variables to set over ours; null as value removes one.</param>
    /// <param name="host">The machine to start it on; null for this one.</param>
    public static async Task<ServiceProcess> Start(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, LinuxHost? host = null)
    {
        var (program, all) = host?.Command("dotnet", [assembly, .. arguments]) ?? ("dotnet", [assembly, .. arguments]);
        var start = new ProcessStartInfo(program, all) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new ServiceProcess(await LauncherThread.Launch(start));
    }

    /// <summary>Process ids of its living children, e.g. a supervisor's run processes.</summary>
    public IReadOnlyList<int> Children => HasEnded ? [] : [.. ServerProcesses.ChildrenOf(Id).Where(ServerProcesses.IsAlive)];

    /// <summary>SIGTERM: asks it to end.</summary>
    public void Terminate()
    {
        WasTold = true;
        Signal(Id, LibC.Terminate);
    }

    /// <summary>SIGSTOP: it stands still until <see cref="GoOn(int)"/>, knowing nothing of it.</summary>
    public static void Halt(int processId) => Signal(processId, LibC.Stop);

    /// <summary>SIGCONT.</summary>
    public static void GoOn(int processId) => Signal(processId, LibC.Continue);

    /// <summary>SIGKILL to a process of which only the id is known.</summary>
    public static void Kill(int processId) => Signal(processId, LibC.Kill);

    /// <summary>SIGKILL: nothing of it can react.</summary>
    public async Task Kill()
    {
        WasTold = true;
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> Ended(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException($"process {Id} did not end within {limit}; it printed:\n{Printed}", error);
        }
        return process.ExitCode;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            await Kill();
        disposed = true;
        process.Dispose();
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > KeptLines)
                lines.Dequeue();
        }
    }

    static void Signal(int processId, int signal) => _ = LibC.Signal(processId, signal);
}
