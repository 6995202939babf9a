using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using KdRobust.Queue.Leases;
using KdRobust.Queue.Slots;
using Microsoft.Extensions.Logging.Abstractions;

namespace KdRobust.Service.Bench;

/// <summary>
/// Thirty-two workers with jobs of a second: each has its own engine, its own ears at the database and its own leases;
/// only the computing is a wait.
/// </summary>
static class ManyWorkers
{
    const int Workers = 32, JobsEach = 15;
    static readonly TimeSpan JobTime = TimeSpan.FromSeconds(1);

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("workers");
        await place.StartApi();
        var lease = new LeaseSettings();
        var jobs = new JobStore(place.Database, lease);
        using var ending = new CancellationTokenSource();
        var feeds = Enumerable.Range(0, Workers).Select(_ => new ChangeFeed(place.Database, [ChangeTopic.Ready, ChangeTopic.Cancel], TimeSpan.FromSeconds(2), NullLogger<ChangeFeed>.Instance)).ToList();
        var engines = feeds.Select((feed, i) => new PostgresEngine(new EngineParts(
            place.Database, jobs, feed, new Waiting(jobs), new EngineSettings($"simulated-{i}", DeviceKind.Cpu, 1, 1), lease, TimeProvider.System, NullLoggerFactory.Instance)).Run(ending.Token)).ToList();
        using var wire = await place.Connect();
        await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201);
        await AllEnded(place); // Warms up.
        await wire.Text(wire.Request("POST", "/v1/sweeps", Specs.Sweep(Workers * JobsEach)), 201);
        await AllEnded(place);
        await ending.CancelAsync();
        await Task.WhenAll(engines);
        foreach (var feed in feeds) await feed.DisposeAsync();
        const string Ours = "FROM job WHERE seq > (SELECT min(seq) FROM job)";
        var seconds = await place.Value<double>($"SELECT extract(epoch FROM max(finished_at) - min(started_at))::float8 {Ours}");
        var used = await place.Value<long>($"SELECT count(DISTINCT worker) {Ours}");
        return Outcome.Of(
            new { workers = Workers, workers_used = used, jobs = Workers * JobsEach, seconds = Figure.Rounded(seconds) },
            ("workers_efficiency", Figure.Least(JobsEach * JobTime.TotalSeconds / seconds, "of ideal", 0.95, $"{Workers * JobsEach} jobs of one second by {Workers} simulated workers: ideal time over the time from the first start to the last end, by the database's clock")));
    }

    static Task AllEnded(Place place) => Place.Until(async () => await place.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NULL") == 0, 300);

    sealed class Waiting(JobStore jobs) : IJobHandler
    {
        public Task Prepare(int slot, CancellationToken ct) => Task.CompletedTask;

        public async Task Handle(int slot, ClaimedJob job, LeaseKeeper lease, CancellationToken draining)
        {
            await Task.Delay(JobTime, CancellationToken.None);
            await jobs.Complete(job.Lease, SimulatedRuns.Result(job.Payload.Compute, JobTime.TotalSeconds), CancellationToken.None);
        }
    }
}
