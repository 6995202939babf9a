using System.Diagnostics;

namespace KdRobust.Service.Bench;

/// <summary>A process of ours that dies with us: the kernel sees to it.</summary>
sealed class Child : IAsyncDisposable
{
    readonly Process process;
    readonly string log;
    bool disposed;

    Child(Process process, string log) => (this.process, this.log) = (process, log);

    /// <summary>Its id.</summary>
    public int Id => process.Id;

    /// <summary>Starts a .NET program; what it says goes into a file.</summary>
    /// <param name="program">The assembly.</param>
    /// <param name="arguments">One entry an argument.</param>
    /// <param name="environment">Variables set over ours.</param>
    /// <param name="log">The file.</param>
    public static Child Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, string log)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec setpriv --pdeathsig KILL -- \"$@\" >\"$log\" 2>&1", "sh", log, DotNet, program, .. arguments])
        {
            UseShellExecute = false, RedirectStandardInput = true, WorkingDirectory = "/tmp",
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new Child(Starter.Run(() => Process.Start(start)!), log);
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it said.</returns>
    public static async Task<string> Output(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/tmp" };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var running = Process.Start(start)!;
        var error = running.StandardError.ReadToEndAsync();
        var said = await running.StandardOutput.ReadToEndAsync();
        await running.WaitForExitAsync();
        return running.ExitCode == 0 ? said : throw new InvalidOperationException($"{program} ended with {running.ExitCode}: {await error}{said}");
    }

    /// <summary>Waits until a file is there, and reads it.</summary>
    /// <exception cref="InvalidOperationException">The process has ended instead.</exception>
    public async Task<string> Told(string file)
    {
        while (!File.Exists(file))
        {
            if (process.HasExited) throw new InvalidOperationException($"the process ended with {process.ExitCode}: {await File.ReadAllTextAsync(log)}");
            await Task.Delay(20);
        }
        return (await File.ReadAllTextAsync(file)).Trim();
    }

    /// <summary>Sends a signal, e.g. <c>TERM</c>.</summary>
    public Task Signal(string name) => Output("/bin/kill", [$"-{name}", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Waits for its end.</summary>
    public Task Ended() => process.WaitForExitAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (disposed) return;
        disposed = true;
        if (!process.HasExited)
        {
            process.StandardInput.Close();
            await Signal("TERM");
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(8));
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
        process.Dispose();
    }

    /// <summary>The host we run on, for our children.</summary>
    public static string DotNet => Environment.GetEnvironmentVariable("KDR_DOTNET") is { Length: > 0 } named ? named : "dotnet";

    /// <summary>The kernel's death signal comes when the thread that started a child ends: this one lives as long as we do.</summary>
    static class Starter
    {
        static readonly System.Collections.Concurrent.BlockingCollection<Action> Work = [];

        static Starter() => new Thread(() =>
        {
            foreach (var work in Work.GetConsumingEnumerable()) work();
        }) { IsBackground = true, Name = "child starter" }.Start();

        public static T Run<T>(Func<T> what)
        {
            var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
            Work.Add(() =>
            {
                try
                {
                    done.SetResult(what());
                }
                catch (Exception error)
                {
                    done.SetException(error);
                }
            });
            return done.Task.GetAwaiter().GetResult();
        }
    }
}
