using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Telemetry;
using KdRobust.Worker.Frames;
using KdRobust.Worker.Running;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>No run process could be started; the message says why and what to do.</summary>
sealed class RunProcessStartException(string message) : Exception(message);

/// <summary>The supervisor's end of a run process: started, spoken to, and, if it must be, killed.</summary>
sealed class RunProcess : IAsyncDisposable
{
    // Loading libtorch from a cold disk takes most of it; waiting for a predecessor's device lock the rest.
    static readonly TimeSpan HelloLimit = TimeSpan.FromSeconds(60);
    const int KeptLines = 20;

    readonly Process process;
    readonly ConcurrentQueue<string> lastLines = new();

    RunProcess(Process process, RunProcessArguments arguments, ILogger log)
    {
        this.process = process;
        Arguments = arguments;
        Pipe = new FramePipe(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, log);
        process.BeginErrorReadLine();
    }

    internal RunProcessArguments Arguments { get; }

    internal FramePipe Pipe { get; }

    internal int ProcessId => process.Id;

    internal bool HasEnded => process.HasExited;

    /// <summary>What it computes with, as it said itself.</summary>
    internal RunProvenance Compute { get; private set; } = null!;

    /// <summary>Starts a run process and waits until it holds its device and has said hello.</summary>
    /// <param name="command">Program and leading arguments.</param>
    /// <param name="arguments">Lock, device and threads.</param>
    /// <param name="environment">Variables that BLAS and OpenMP read when they are loaded.</param>
    /// <param name="log">Told what it prints.</param>
    /// <param name="ct">Gives up and kills it.</param>
    internal static async Task<RunProcess> Start(
        IReadOnlyList<string> command, RunProcessArguments arguments, IReadOnlyDictionary<string, string> environment, ILogger log, CancellationToken ct)
    {
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), .. arguments.Line])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment.Concat(RunProcessMemory.Variables))
            start.Environment[name] = value;
        // A run process has no business with the database or a collector, nor with the secrets that open them.
        foreach (var secret in (string[])[Persistence.Schema.Database.Variable, .. OtlpSettings.Variables])
            start.Environment.Remove(secret);
        var started = new RunProcess(
            Process.Start(start) ?? throw new RunProcessStartException($"{command[0]} did not start"), arguments, log);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(HelloLimit);
            started.Compute = await started.Hello(limit.Token, ct);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends it at once.</summary>
    internal void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Waits for its end and says how it ended, with the last it printed.</summary>
    internal async Task<string> Death()
    {
        await process.WaitForExitAsync();
        var how = process.ExitCode > 128
            ? string.Create(CultureInfo.InvariantCulture, $"the run process {ProcessId} was ended by signal {process.ExitCode - 128}")
            : string.Create(CultureInfo.InvariantCulture, $"the run process {ProcessId} ended with exit code {process.ExitCode}");
        return how + (process.ExitCode == 137 ? " (killed; out of memory?)" : "");
    }

    /// <summary>The last lines it printed.</summary>
    internal string LastLines => string.Join('\n', lastLines);

    public async ValueTask DisposeAsync()
    {
        Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    async Task<RunProvenance> Hello(CancellationToken limit, CancellationToken givenUp)
    {
        Frame? first;
        try
        {
            first = await Pipe.Receive(limit);
        }
        catch (OperationCanceledException) when (!givenUp.IsCancellationRequested)
        {
            throw new RunProcessStartException($"the run process {ProcessId} was not ready within {HelloLimit.TotalSeconds} s: {LastLines}");
        }
        catch (Exception error) when (error is IOException or InvalidDataException)
        {
            throw new RunProcessStartException($"the run process {ProcessId} spoke nonsense: {error.Message} {LastLines}");
        }
        return first switch
        {
            Hello { Language: Frame.Version } hello => hello.Compute,
            Hello hello => throw new RunProcessStartException($"the run process speaks version {hello.Language}, this supervisor {Frame.Version}: both must come from one build"),
            null => throw new RunProcessStartException($"{await Death()}: {LastLines}"),
            _ => throw new RunProcessStartException($"the run process {ProcessId} began with {first.GetType().Name}"),
        };
    }

    void Keep(string? line, ILogger log)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        WorkerLog.RunProcessSaid(log, process.Id, line);
        lastLines.Enqueue(line);
        if (lastLines.Count > KeptLines)
            lastLines.TryDequeue(out _);
    }
}
