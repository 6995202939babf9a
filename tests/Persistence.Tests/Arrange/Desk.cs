using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Models;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Arrange;

/// <summary>The stores over one database, and what tests say most often.</summary>
public sealed class Desk
{
    public const string Owner = "ada";

    public Desk(TestDatabase database, LeaseSettings? lease = null)
    {
        Database = database;
        Jobs = new JobStore(database.DataSource, lease ?? new LeaseSettings());
        Experiments = new ExperimentStore(database.DataSource);
        Metrics = new MetricStore(database.DataSource);
        Checkpoints = new CheckpointStore(database.DataSource);
        ModelFiles = new ModelFileStore(database.DataSource, TimeProvider.System);
    }

    public TestDatabase Database { get; }
    public JobStore Jobs { get; }
    public ExperimentStore Experiments { get; }
    public MetricStore Metrics { get; }
    public CheckpointStore Checkpoints { get; }
    public ModelFileStore ModelFiles { get; }

    public static RunProvenance Provenance { get; } = new("test", "none", "none", "cpu", 1);

    public static TrainResult TrainResult { get; } =
        new() { Seconds = 1.25, Provenance = Provenance, Epochs = 12, Parameters = 77_850, FinalLoss = 1.5, FinalTrainAccuracy = 0.4, Selected = null };

    /// <summary>A result of the kind the job asks for.</summary>
    public static JobResult ResultOf(ClaimedJob job) => (job.Payload is MergePayload merge ? merge.Whole : job.Payload) switch
    {
        SmoothingEvalPayload => new SmoothingEvalResult { Seconds = 1, Provenance = Provenance, Count = new AggregatedCount(10, 4, 4, [new(Aggregation.Votes, ImageSet.FirstOf(5, 10), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(6, 10), null)]) },
        TransferAttackPayload => new TransferAttackResult
        {
            Seconds = 1, Provenance = Provenance, Images = 10, Survivors = [10, 5], CorrectAtStep = [10, 5], Targets = [new AggregatedCount(10, 4, 4, [new(Aggregation.Votes, ImageSet.FirstOf(5, 10), null), new(Aggregation.MeanProbability, ImageSet.FirstOf(6, 10), null)])], TargetCurves = [], LargestPerturbation = 0.03,
        },
        ImportPayload => new ImportResult { Source = "PyTorch legacy file, state_dict", Seconds = 1, Provenance = Provenance, Parameters = 10, Mapped = [new("module.fc.weight", "fc.weight")], Skipped = [] },
        _ => TrainResult,
    };

    public Task<Submitted> Submit(ExperimentSpec spec, bool again = false, string owner = Owner) => Experiments.Submit(owner, spec, again);

    /// <summary>Submits an experiment of one job and returns that job.</summary>
    public async Task<Guid> SubmitOneJob(string name = "one", int threads = 1)
    {
        var submitted = await Submit(Specs.OneJob(Specs.NewSeed(), name, threads));
        return (await Experiments.Jobs(submitted.Id))[0].Job.Id;
    }

    public async Task<ClaimedJob> Claim(string worker = "w1", int threads = 8) =>
        await TryClaim(worker, threads) ?? throw new InvalidOperationException($"nothing to claim:\n{await Dump()}");

    public Task<ClaimedJob?> TryClaim(string worker = "w1", int threads = 8) =>
        Jobs.TryClaimNext(new WorkerOffer(worker, threads, DeviceKind.Cpu));

    /// <summary>Claims the next job, stores the outputs others may want, completes it.</summary>
    public async Task<ClaimedJob> Work(string worker = "w1")
    {
        var job = await Claim(worker);
        await StoreOutputs(job);
        (await Jobs.Complete(job.Lease, ResultOf(job))).ShouldBe(CompleteOutcome.Succeeded);
        return job;
    }

    public async Task StoreOutputs(ClaimedJob job)
    {
        string? output = job.Payload switch
        {
            ImagesPayload { Shard: not null } => OutputNames.Part,
            MergePayload { Whole: SmoothingEvalPayload { KeepLabels: true } } => OutputNames.Labels,
            TrainPayload or ImportPayload => OutputNames.Weights,
            SmoothingEvalPayload { KeepLabels: true } => OutputNames.Labels,
            _ => null,
        };
        if (output is not null)
            await StoreCheckpoint(job.Lease, CheckpointRole.Output, output, Bytes(1000, 1));
    }

    public async Task<CheckpointInfo?> StoreCheckpoint(JobLease lease, CheckpointRole role, string name, byte[] content, int epoch = 0) =>
        await Checkpoints.Register(lease, role, name, epoch, 0, await Checkpoints.Write(new MemoryStream(content)), []);

    /// <summary>Uploads a file as its owner would.</summary>
    public async Task<ModelFile> Upload(byte[] content, string owner = Owner, string name = "weights.pt") =>
        (await ModelFiles.Register(owner, name, await ModelFiles.Write(new MemoryStream(content)))).File;

    public async Task<JobView> Job(Guid id) => await Jobs.Find(id, null) ?? throw new InvalidOperationException($"no job {id}");

    public async Task<JobState> StateOf(Guid id) => (await Job(id)).State;

    /// <summary>Lets the lease of a running job run out, as if time had passed.</summary>
    public Task Expire(Guid job) => Database.Execute($"UPDATE job SET lease_until = clock_timestamp() - interval '1 s' WHERE id = '{job}'");

    /// <summary>Lets the wait of a job that will be tried again pass.</summary>
    public Task PassWaits() => Database.Execute("UPDATE job SET not_before = clock_timestamp() WHERE state = 'Queued'");

    /// <summary>The jobs in words, for the message of a failed assertion.</summary>
    public async Task<string> Dump() =>
        await Database.Scalar<string>("SELECT string_agg(name || ' ' || state || ' fence ' || fence || ' attempt ' || attempt || ' (' || reason || ')', E'\\n' ORDER BY seq) FROM job") ?? "(no job)";

    public static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
