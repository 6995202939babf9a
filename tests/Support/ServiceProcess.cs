using System.Diagnostics;

namespace KdRobust.Support;

/// <summary>A program of ours that runs until it is told to end, with everything it printed. Killed when disposed.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    readonly Process process;
    readonly List<string> lines = [];

    ServiceProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>True once it has ended.</summary>
    public bool HasEnded => process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Everything it printed so far.</summary>
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
    public static ServiceProcess Start(string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var start = new ProcessStartInfo("dotnet", [assembly, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new ServiceProcess(Process.Start(start)!);
    }

    /// <summary>SIGKILL: nothing of it can react.</summary>
    public async Task Kill()
    {
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
        process.Dispose();
    }

    void Keep(string? line)
    {
        if (line is null)
            return;
        lock (lines)
            lines.Add(line);
    }
}
