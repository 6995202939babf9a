using System.Diagnostics;
using KdRobust.Cli.Client;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Cli.Watching;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Benches;

/// <summary>A job that went through the service.</summary>
/// <param name="Job">As it ended.</param>
/// <param name="Seconds">From before its submission until its client was told that it had succeeded.</param>
sealed record ServedJob(JobView Job, double Seconds);

/// <summary>
/// The service as <c>kdr demo</c> starts it, with a database of its own that is deleted afterwards: a bench leaves
/// nothing among a user's experiments and finds nothing there.
/// </summary>
sealed class BenchService : IAsyncDisposable
{
    const int CoresPerWorker = 1;

    readonly LocalService service;
    readonly LocalFolders folders;

    BenchService(LocalService service, LocalFolders folders)
    {
        (this.service, this.folders) = (service, folders);
        Client = new ServiceClient(ServiceLocation.Find(folders, service.Record.Address, _ => null));
    }

    public ServiceClient Client { get; }

    /// <summary>Starts it; returns when every worker has made itself known.</summary>
    public static async Task<BenchService> Start(CommandContext context, int workers, CancellationToken ct)
    {
        NativeBuild.Require(context.Folders);
        var own = new LocalFolders(Path.Combine(context.Folders.State, "bench"));
        Delete(own);
        var data = DataFolder.Find(context.Folders, null, context.Environment)?.Path;
        var bench = new BenchService(await LocalService.Start(own, new("bench", workers, CoresPerWorker, 0, data), context.Terminal.Say, ct), own);
        try
        {
            while ((await bench.Client.Workers(ct)).Count(worker => worker.Alive) < workers) await Task.Delay(100, ct);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    /// <summary>The process of a part: <c>postgres</c>, <c>api</c>, <c>worker-1</c>, ...</summary>
    public int Process(string name) => service.Record.Processes.Single(p => p.Name == name).Process.Id;

    /// <summary>The run process of the only slot of a worker; null while there is none.</summary>
    public ProcessIdentity? RunProcess(string worker) => ProcessUse.Children(Process(worker)) is [var id] ? ProcessIdentity.Of(id) : null;

    /// <summary>Kills a worker's run process, so that its next job begins as cold as one outside the service.</summary>
    public async Task KillRunProcess(string worker)
    {
        if (RunProcess(worker) is not { } process) return;
        process.Signal(UnixSignal.Kill);
        await process.Gone(TimeSpan.FromSeconds(10));
    }

    /// <summary>Computes a spec of one job anew.</summary>
    /// <param name="spec">The spec as JSON.</param>
    /// <param name="heard">Told of every message of the experiment.</param>
    /// <param name="ct">Gives up waiting.</param>
    /// <exception cref="CommandFailedException">It did not succeed.</exception>
    public async Task<ServedJob> Compute(string spec, Action<ServiceMessage>? heard, CancellationToken ct)
    {
        var begun = Stopwatch.GetTimestamp();
        var (submitted, _) = await Client.Submit(spec, again: true, ct);
        await foreach (var message in new ExperimentEvents(Client, TimeProvider.System).Follow(submitted.Experiment.Id, ct))
        {
            heard?.Invoke(message);
            if (message is ExperimentChanged { Experiment.HasEnded: true }) break;
        }
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var detail = await Client.Experiment(submitted.Experiment.Id, ct);
        if (detail.Experiment.State != ExperimentState.Succeeded)
            throw new CommandFailedException(ExitCode.Failed, Watcher.WhyFailed(detail) ?? $"the bench's job is {detail.Experiment.State}");
        return new(detail.Jobs.Single().Job, seconds);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await service.DisposeAsync();
        Delete(folders);
    }

    static void Delete(LocalFolders folders)
    {
        if (ServiceRecord.Running(folders) is not null) return; // Starting says who runs, and where.
        foreach (var folder in new[] { folders.Postgres, folders.Root })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }
}
