using System.Diagnostics;

namespace KdRobust.Cli.Local;

/// <summary>One running process of the local service, its output kept in a log file.</summary>
sealed class ChildService : IAsyncDisposable
{
    const int TailLines = 30;

    readonly Process process;
    readonly StreamWriter log;
    readonly Lock gate = new();
    readonly Queue<string> tail = new();

    ChildService(string name, Process process, StreamWriter log)
    {
        (Name, this.process, this.log) = (name, process, log);
        Identity = ProcessIdentity.Of(process.Id) ?? new ProcessIdentity(process.Id, "");
        process.OutputDataReceived += (_, line) => Heard(line.Data);
        process.ErrorDataReceived += (_, line) => Heard(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Ended = process.WaitForExitAsync();
    }

    public string Name { get; }

    public ProcessIdentity Identity { get; }

    /// <summary>Ends when the process has ended and all it said has been read.</summary>
    public Task Ended { get; }

    /// <summary>How it ended; only after <see cref="Ended"/>.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>The last lines it said.</summary>
    public IReadOnlyList<string> Tail
    {
        get { lock (gate) return [.. tail]; }
    }

    /// <summary>Starts a process as <see cref="ChildLauncher"/> does; its output is appended to NAME.log in <paramref name="logFolder"/>.</summary>
    public static async Task<ChildService> Start(
        string name, string logFolder, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment,
        UnixSignal onOurDeath, string? asUser = null)
    {
        LocalFolders.MakePrivate(logFolder);
        var file = new FileStream(Path.Combine(logFolder, $"{name}.log"), FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        return new ChildService(name, await ChildLauncher.Start(program, arguments, environment, onOurDeath, asUser), new StreamWriter(file) { AutoFlush = true });
    }

    /// <summary>Asks it to end, and makes it end when it has not within <paramref name="grace"/>.</summary>
    public async Task Stop(UnixSignal ask, TimeSpan grace)
    {
        Identity.Signal(ask);
        if (await Task.WhenAny(Ended, Task.Delay(grace)) == Ended) return;
        Identity.Signal(UnixSignal.Kill);
        await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop(UnixSignal.Kill, TimeSpan.Zero);
        await log.DisposeAsync();
        process.Dispose();
    }

    void Heard(string? line)
    {
        if (line is null) return;
        lock (gate)
        {
            tail.Enqueue(line);
            if (tail.Count > TailLines) tail.Dequeue();
            try
            {
                log.WriteLine(line);
            }
            catch (Exception error) when (error is IOException or ObjectDisposedException)
            {
                // A full disk must not stop the service; its own log says so, and the tail is kept here.
            }
        }
    }
}
