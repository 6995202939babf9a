using KdRobust.ActionWorker;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Worker.Tests.Arrange;

/// <summary>A database, a folder of scripts and workers: everything a test of processes needs, gone with it.</summary>
public sealed class Stage : IAsyncDisposable
{
    /// <summary>Seconds of a lease whose end a test waits for. Any other test has one that a slow machine does not lose.</summary>
    public const int ShortLease = 3;
    const int LongLease = 60;

    /// <summary>Seconds after which what must happen has not happened: a busy machine takes long to start a process.</summary>
    const double Patience = 90;

    /// <summary>The engine a worker has that is not told of one.</summary>
    public const string DefaultEngine = "postgres";

    readonly List<WorkerProcess> workers = [];
    readonly PostgresCluster? cluster;

    Stage(TestDatabase database, PostgresCluster? cluster, LeaseSettings lease, string engine)
    {
        (Database, this.cluster, Lease, Engine) = (database, cluster, lease, engine);
        Desk = new Desk(database, Lease);
        Folder = Directory.CreateTempSubdirectory("kdr-stage-").FullName;
    }

    public TestDatabase Database { get; }
    public LeaseSettings Lease { get; }
    public Desk Desk { get; }

    /// <summary>The engine of its workers.</summary>
    public string Engine { get; }
    public string Folder { get; }
    public PostgresCluster Cluster => cluster ?? throw new InvalidOperationException("this stage shares its server");
    public IReadOnlyList<WorkerProcess> Workers => workers;

    public static async Task<Stage> Open(int lease = LongLease, string engine = DefaultEngine) => new(await MigratedDatabase.Create(), null, Seconds(lease), engine);

    /// <summary>With a server that this test may stop.</summary>
    public static async Task<Stage> OpenWithOwnServer(int lease = LongLease, string engine = DefaultEngine)
    {
        var server = await PostgresCluster.StartNew();
        return new Stage(await MigratedDatabase.Create(server), server, Seconds(lease), engine);
    }

    /// <summary>Starts one; <paramref name="database"/> is its connection string where it is to reach the database another way.</summary>
    public WorkerProcess StartWorker(
        string name = "w1", int cores = 1, int drain = 10, string? database = null, IEnumerable<string>? more = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        // One that is not told of an engine must have the default one too.
        var words = Engine == DefaultEngine ? more ?? [] : ["--engine", Engine, .. more ?? []];
        var worker = WorkerProcess.Start(name, database ?? Database.ConnectionString, Folder, cores, (int)Lease.Lease.TotalSeconds, drain, words, environment);
        workers.Add(worker);
        return worker;
    }

    /// <summary>Starts one and waits until every slot of it could begin a job at once.</summary>
    public async Task<WorkerProcess> StartReadyWorker(string name = "w1", int cores = 1, IEnumerable<string>? more = null)
    {
        var worker = StartWorker(name, cores, more: more);
        await Until($"{name} is ready", () => Task.FromResult(worker.Printed.Split("is ready with").Length > cores));
        return worker;
    }

    /// <summary>A worker as it is installed, of one core.</summary>
    public WorkerProcess StartRealWorker(string name)
    {
        var worker = WorkerProcess.StartReal(name, Database, Folder, (int)Lease.Lease.TotalSeconds);
        workers.Add(worker);
        return worker;
    }

    /// <summary>Submits one job that follows a script.</summary>
    public Task<(Guid Job, long Seed)> Submit(ActionScript script, params IReadOnlyList<string> labels) => Submit(script, DeviceKind.Cpu, labels);

    /// <summary>The same for a device.</summary>
    public async Task<(Guid Job, long Seed)> Submit(ActionScript script, DeviceKind device, params IReadOnlyList<string> labels)
    {
        var seed = Specs.NewSeed();
        script.Write(Folder, seed);
        var spec = Specs.OneJob(seed);
        spec = spec with { Compute = spec.Compute with { Device = device, Requires = labels.Count == 0 ? spec.Compute.Requires : new RequirementsSpec { GpuMemoryGib = null, Labels = labels } } };
        var submitted = await Desk.Submit(spec);
        return ((await Desk.Experiments.Jobs(submitted.Id))[0].Job.Id, seed);
    }

    public void LetGo(long seed) => File.WriteAllText(ActionScript.GoFile(Folder, seed), "");

    /// <summary>The epochs that began, in order: which process, which epoch.</summary>
    public List<(int ProcessId, int Epoch)> Epochs(long seed)
    {
        var file = ActionScript.LogFile(Folder, seed);
        return File.Exists(file)
            ? [.. File.ReadAllLines(file).Select(line => line.Split(' ')).Where(words => words.Length == 2).Select(words => (int.Parse(words[0]), int.Parse(words[1])))]
            : [];
    }

    public Task UntilEpoch(long seed, int epoch) => Until($"job {seed} is in epoch {epoch}", () => Task.FromResult(Epochs(seed).Any(begun => begun.Epoch >= epoch)));

    /// <summary>Waits until a scripted action that happens a limited number of times has counted once more.</summary>
    public Task UntilDone(long seed, int epoch, RunAction action) =>
        Until($"{action} in epoch {epoch}", () => Task.FromResult(File.Exists(ActionScript.MarkerFile(Folder, seed, epoch, action))));

    public Task UntilRunning(Guid job, string worker) =>
        Until($"{worker} has job {job}", async () => await Desk.Job(job) is { State: JobState.Running } view && view.Worker == worker);

    public Task UntilState(Guid job, JobState state, double seconds = Patience) => Until($"job {job} is {state}", async () => await Desk.StateOf(job) == state, seconds);

    public Task UntilCheckpoint(Guid job, int epoch) => Until($"the checkpoint of epoch {epoch}", async () => (await Desk.Checkpoints.LatestResume(job))?.Epoch >= epoch);

    public async Task<JobView> UntilEnded(Guid job, double seconds = Patience)
    {
        await Until($"job {job} has ended", async () => (await Desk.StateOf(job)).IsTerminal(), seconds);
        return await Desk.Job(job);
    }

    public Task Until(string what, Func<Task<bool>> condition, double seconds = Patience) => Eventually.Holds(what, condition, seconds, Dump);

    /// <summary>Asserts that a job of a script ended with the numbers of an undisturbed run.</summary>
    public async Task ShouldHaveSucceededUndisturbed(Guid job, long seed, int epochs = 10)
    {
        var view = await Desk.Job(job);
        view.State.ShouldBe(JobState.Succeeded, await Dump());
        ((TrainResult)view.Result!).FinalLoss.ShouldBe(ActionScript.Loss(ActionScript.StateAfter(seed, epochs)));
        var losses = (await Desk.Metrics.Series(job))[MetricSeries.TrainLoss];
        losses.Select(point => point.Value).ShouldBe(Enumerable.Range(1, epochs).Select(epoch => ActionScript.Loss(ActionScript.StateAfter(seed, epoch))));
        (await Desk.Jobs.Events(job)).Count(line => line.To.IsTerminal()).ShouldBe(1);
    }

    public async Task<string> Dump() => $"{await Desk.Dump()}\n{string.Join("\n", workers.Select(worker => $"--- {worker.Name}\n{worker.Printed}"))}";

    static LeaseSettings Seconds(int lease) => new() { Lease = TimeSpan.FromSeconds(lease) };

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
            await worker.DisposeAsync();
        await Database.DisposeAsync();
        if (cluster is not null)
            await cluster.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
