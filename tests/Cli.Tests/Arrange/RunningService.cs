using KdRobust.Cli.Local;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Cli.Tests.Arrange;

/// <summary>The real local service of a temporary checkout, without workers; a test plays the worker on its rows.</summary>
public sealed class RunningService : IAsyncLifetime
{
    readonly TemporaryCheckout checkout = new();
    LocalService? service;
    NpgsqlDataSource? database;

    internal LocalFolders Folders => checkout.Folders;

    internal ServiceRecord Record => service!.Record;

    internal JobStore Jobs { get; private set; } = null!;

    internal NpgsqlDataSource Database => database!;

    internal MetricStore Metrics => new(database!);

    /// <summary>The command line with nothing set: it finds the local service by itself.</summary>
    internal CommandLine Kdr => new(Folders);

    public async Task InitializeAsync()
    {
        if (new PostgresFactAttribute().Skip is not null) return;
        service = await LocalService.Start(Folders, new("up", 0, 1, 0, null), _ => { }, CancellationToken.None);
        database = Persistence.Schema.Database.Open(Record.Database, "cli-tests");
        Jobs = new JobStore(database, new LeaseSettings());
    }

    public async Task DisposeAsync()
    {
        if (database is not null) await database.DisposeAsync();
        if (service is not null) await service.DisposeAsync();
        checkout.Dispose();
    }

    internal async Task<string> Key(ApiKeyRole role)
    {
        var key = ApiKeyStore.NewKey();
        await new ApiKeyStore(database!).Add(key, "tester", role, "test");
        return key;
    }

    /// <summary>Submits the sample under a seed of its own by the command line.</summary>
    internal async Task<Guid> Submit()
    {
        var said = await Kdr.Run("submit", SmallSpec.Path, "--set", SmallSpec.NewSeed());
        said.ExitCode.ShouldBe(0, said.Error);
        return Guid.Parse(said.Out.Trim());
    }

    /// <summary>Claims jobs, whosesoever they are, until one of this experiment comes.</summary>
    internal async Task<ClaimedJob> ClaimOf(Guid experiment)
    {
        var its = (await new ExperimentStore(database!).Jobs(experiment)).Select(use => use.Job.Id).ToHashSet();
        while (await Jobs.TryClaimNext(new WorkerOffer("stand-in", 8, DeviceKind.Cpu)) is { } job)
            if (its.Contains(job.Lease.JobId)) return job;
        throw new InvalidOperationException("nothing of this experiment can be claimed");
    }

    /// <summary>Finishes every job there is.</summary>
    internal async Task FinishAll()
    {
        var provenance = new RunProvenance("test", "1.13.1", "none", "cpu", 1);
        var files = new CheckpointStore(database!);
        while (await Jobs.TryClaimNext(new WorkerOffer("stand-in", 8, DeviceKind.Cpu)) is { } job)
        {
            foreach (var name in new[] { OutputNames.Weights, OutputNames.Labels })
                await files.Register(job.Lease, CheckpointRole.Output, name, 0, 0, await files.Write(new MemoryStream([1, 2, 3])), []);
            await Jobs.Complete(job.Lease, job.Payload switch
            {
                SmoothingEvalPayload e => new SmoothingEvalResult { Seconds = 1, Provenance = provenance, Count = new AggregatedCount(e.Images, e.Draws, e.Draws, [new(Aggregation.Votes, ImageSet.FirstOf(e.Images / 2, e.Images), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(e.Images / 2, e.Images), null)]) },
                TransferAttackPayload a => new TransferAttackResult
                {
                    Seconds = 2, Provenance = provenance, Images = a.Images, Survivors = [a.Images, 10, 5], CorrectAtStep = [a.Images, 12, 6], TargetCurves = [], LargestPerturbation = 0.03,
                    Targets = [.. a.Targets.Select(t => new AggregatedCount(a.Images, t.Draws, t.Draws, [new(Aggregation.Votes, ImageSet.FirstOf(5, a.Images), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(5, a.Images), null)]))],
                },
                _ => new TrainResult { Seconds = 3, Provenance = provenance, Epochs = 3, Parameters = 77_850, FinalLoss = 1, FinalTrainAccuracy = 0.5, Selected = null },
            });
        }
    }
}
