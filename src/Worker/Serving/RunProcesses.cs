using KdRobust.Domain.Experiments;
using KdRobust.Worker.Running;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>The run process of each slot: one after the other, never two.</summary>
/// <param name="options">Device, locks, slots.</param>
/// <param name="command">Program and leading arguments that start one.</param>
/// <param name="log">Told of beginnings and ends.</param>
sealed class RunProcesses(WorkerOptions options, IReadOnlyList<string> command, ILogger<RunProcesses> log) : IAsyncDisposable
{
    static readonly string[] ThreadVariables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"];

    readonly RunProcess?[] processes = new RunProcess?[options.Slots];

    /// <summary>The libtorch of the newest run process; null before the first.</summary>
    internal string? Libtorch { get; private set; }

    /// <summary>The living process of a slot; started or replaced when there is none for this number of threads.</summary>
    /// <exception cref="RunProcessStartException">None can be started.</exception>
    internal async Task<RunProcess> For(int slot, int threads, CancellationToken ct)
    {
        if (processes[slot] is { } present)
        {
            if (!present.HasEnded && present.Arguments.Compute.Threads == threads)
                return present;
            await Discard(slot, present.HasEnded ? "it had ended" : $"the next job takes {threads} threads");
        }
        options.TempFolder(slot).Sweep();
        var started = await RunProcess.Start(command, ArgumentsFor(slot, threads), Environment(slot, threads), log, ct);
        processes[slot] = started;
        Libtorch = started.Compute.Libtorch;
        WorkerLog.RunProcessReady(log, slot, started.ProcessId, started.Compute.Libtorch, started.Compute.Blas);
        return started;
    }

    /// <summary>The threads a slot's process has now; 1 when there is none.</summary>
    internal int ThreadsOf(int slot) => processes[slot] is { HasEnded: false } present ? present.Arguments.Compute.Threads : 1;

    /// <summary>Ends a slot's process; returns when it is gone and has freed its device.</summary>
    internal async Task Discard(int slot, string why)
    {
        if (processes[slot] is not { } present)
            return;
        processes[slot] = null;
        WorkerLog.RunProcessEnded(log, slot, present.ProcessId, why);
        await present.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        for (var slot = 0; slot < processes.Length; slot++)
            await Discard(slot, "the worker ends");
    }

    RunProcessArguments ArgumentsFor(int slot, int threads) =>
        new(options.LockFile(slot), new ComputeSpec { Device = options.Device, Threads = threads, Precision = Precision.Float32 });

    Dictionary<string, string> Environment(int slot, int threads)
    {
        var environment = ThreadVariables.ToDictionary(name => name, _ => threads.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);
        environment["TMPDIR"] = options.TempFolder(slot).Path;
        if (options.Device == DeviceKind.Cuda)
            environment["CUDA_VISIBLE_DEVICES"] = options.Gpus[slot];
        return environment;
    }
}
