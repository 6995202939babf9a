using System.Collections.Concurrent;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Queue.Leases;
using KdRobust.Queue.Slots;
using KdRobust.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace KdRobust.Queue.Tests.Slots;

/// <summary>The engine on a real database, with a handler that completes jobs as told.</summary>
public sealed class PostgresEngineTests
{
    static readonly TimeSpan Never = TimeSpan.FromHours(1);

    [PostgresFact]
    public async Task Notification_alone_starts_a_job_within_a_moment()
    {
        await using var database = await MigratedDatabase.Create();
        await using var node = Node.Start(database, "n1", poll: Never);
        await node.Prepared.WaitAsync();
        var job = await node.Desk.SubmitOneJob();
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(job);
    }

    [PostgresFact]
    public async Task Lost_notification_is_made_good_by_the_poll()
    {
        await using var database = await MigratedDatabase.Create();
        await using var node = Node.Start(database, "n1", poll: TimeSpan.FromMilliseconds(300));
        await node.Prepared.WaitAsync();
        await database.Execute("CREATE OR REPLACE FUNCTION job_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
        var job = await node.Desk.SubmitOneJob();
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(job);
    }

    [PostgresFact]
    public async Task Burst_reaches_every_slot_and_runs_each_job_once()
    {
        await using var database = await MigratedDatabase.Create();
        // Every slot of both nodes must hold a job at the same time before any may end.
        var all = new Barrier(5);
        await using var first = Node.Start(database, "n1", poll: Never, cores: 3, work: (_, _) => Meet(all));
        await using var second = Node.Start(database, "n2", poll: Never, cores: 2, work: (_, _) => Meet(all));
        var jobs = new List<Guid>();
        for (var i = 0; i < 15; i++)
            jobs.Add(await first.Desk.SubmitOneJob());
        await Eventually.Holds("all have ended", async () => await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Succeeded'") == 15, 60, first.Desk.Dump);
        (await database.Scalar<long>("SELECT max(fence) FROM job")).ShouldBe(1);
        first.Handled.Concat(second.Handled).Order().ShouldBe(jobs.Order());
    }

    [PostgresFact]
    public async Task Jobs_never_take_more_cores_than_there_are()
    {
        await using var database = await MigratedDatabase.Create();
        var used = 0;
        var most = 0;
        await using var node = Node.Start(database, "n1", poll: Never, cores: 4, work: async (job, _) =>
        {
            var now = Interlocked.Add(ref used, job.Payload.Compute.Threads);
            InterlockedMax(ref most, now);
            await Task.Delay(15);
            Interlocked.Add(ref used, -job.Payload.Compute.Threads);
        });
        foreach (var threads in new[] { 3, 1, 2, 4, 1, 1, 2, 3, 2, 1 })
            await node.Desk.SubmitOneJob(threads: threads);
        await node.Desk.SubmitOneJob(threads: 5);
        await Eventually.Holds("all that fit have ended", async () => await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Succeeded'") == 10, 60, node.Desk.Dump);
        most.ShouldBeLessThanOrEqualTo(4);
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued'")).ShouldBe(1, "nobody offers five cores");
    }

    [PostgresFact]
    public async Task Cancel_reaches_a_running_job_without_waiting_for_its_heartbeat()
    {
        await using var database = await MigratedDatabase.Create();
        await using var node = Node.Start(database, "n1", poll: Never, lease: TimeSpan.FromHours(1), work: async (_, lease) =>
            await Task.Delay(Timeout.Infinite, lease.CancelRequested).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        var job = await node.Desk.SubmitOneJob();
        await node.Began.Reader.ReadAsync();
        await node.Desk.Jobs.RequestCancel(job, "ada", false);
        await Eventually.Holds("the job is cancelled", async () => await node.Desk.StateOf(job) == JobState.Cancelled);
    }

    [PostgresFact]
    public async Task Drain_ends_idle_slots_at_once_and_waits_for_busy_ones()
    {
        await using var database = await MigratedDatabase.Create();
        var release = new TaskCompletionSource();
        await using var node = Node.Start(database, "n1", poll: Never, cores: 2, work: (_, _) => release.Task);
        await node.Desk.SubmitOneJob();
        await node.Began.Reader.ReadAsync();
        node.Drain();
        await node.Desk.SubmitOneJob();
        node.Running.IsCompleted.ShouldBeFalse();
        release.SetResult();
        await node.Running.WaitAsync(TimeSpan.FromSeconds(30));
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued'")).ShouldBe(1, "a draining worker takes nothing new");
    }

    [PostgresFact]
    public async Task Engine_at_rest_gives_back_what_runs_takes_nothing_and_goes_on_when_let()
    {
        await using var database = await MigratedDatabase.Create();
        await using var node = Node.Start(database, "n1", poll: TimeSpan.FromMilliseconds(200));
        await node.Prepared.WaitAsync();
        node.Rest();
        var job = await node.Desk.SubmitOneJob();
        // Several polls pass, each of which would have claimed it.
        for (var asked = 0; asked < 3; asked++)
            await node.Prepared.WaitAsync();
        (await node.Desk.StateOf(job)).ShouldBe(JobState.Queued);
        node.GoOn();
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(job);
    }

    [PostgresFact]
    public async Task Job_that_runs_is_told_when_the_engine_rests()
    {
        await using var database = await MigratedDatabase.Create();
        var told = new TaskCompletionSource();
        await using var node = Node.Start(database, "n1", poll: Never, draining: drain => drain.Register(told.SetResult));
        await node.Desk.SubmitOneJob();
        await node.Began.Reader.ReadAsync();
        node.Rest();
        await told.Task.WaitAsync(TimeSpan.FromSeconds(30));
        node.GoOn();
    }

    [PostgresFact]
    public async Task Quota_that_becomes_free_wakes_a_worker_without_waiting_for_its_poll()
    {
        await using var database = await MigratedDatabase.Create();
        await using var node = Node.Start(database, "n1", poll: Never);
        await new QuotaStore(database.DataSource).Set(Desk.Owner, DeviceKind.Cpu, 1, "root");
        var first = await node.Desk.SubmitOneJob();
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(first);
        await node.Prepared.WaitAsync();
        await Eventually.Holds("the first has ended", async () => await node.Desk.StateOf(first) == JobState.Succeeded);
        // Elsewhere somebody uses the quota up and lets go of it again.
        await new QuotaStore(database.DataSource).Set(Desk.Owner, DeviceKind.Cpu, 0, "root");
        var held = await node.Desk.SubmitOneJob();
        await new QuotaStore(database.DataSource).Set(Desk.Owner, DeviceKind.Cpu, 1, "root");
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(held);
    }

    [PrivatePostgresFact]
    public async Task Server_that_restarts_is_waited_for()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await MigratedDatabase.Create(cluster);
        await using var node = Node.Start(database, "n1", poll: Never);
        await node.Prepared.WaitAsync();
        await cluster.Stop();
        await cluster.Start();
        var job = await node.Desk.SubmitOneJob();
        (await node.Began.Reader.ReadAsync()).Lease.JobId.ShouldBe(job);
    }

    static Task Meet(Barrier all) => Task.Factory.StartNew(
        () => all.SignalAndWait(TimeSpan.FromSeconds(40)).ShouldBeTrue("the other slots did not come"), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }

    /// <summary>An engine with its feed, as a worker would have them.</summary>
    sealed class Node : IJobHandler, IAsyncDisposable
    {
        readonly CancellationTokenSource draining = new();
        readonly ChangeFeed feed;
        readonly Func<ClaimedJob, LeaseKeeper, Task> work;
        readonly Action<CancellationToken>? whenDrained;
        readonly PostgresEngine engine;

        Node(TestDatabase database, string name, TimeSpan poll, int cores, TimeSpan lease, Func<ClaimedJob, LeaseKeeper, Task> work, Action<CancellationToken>? whenDrained)
        {
            (this.work, this.whenDrained) = (work, whenDrained);
            var settings = new LeaseSettings { Lease = lease };
            Desk = new Desk(database, settings);
            feed = new ChangeFeed(database.DataSource, [ChangeTopic.Ready, ChangeTopic.Cancel], poll, NullLogger<ChangeFeed>.Instance);
            engine = new PostgresEngine(new EngineParts(
                database.DataSource, Desk.Jobs, feed, this, new EngineSettings(name, DeviceKind.Cpu, cores, cores), settings, TimeProvider.System, NullLoggerFactory.Instance));
            Running = engine.Run(draining.Token);
        }

        internal Desk Desk { get; }
        internal Task Running { get; }
        internal SemaphoreSlim Prepared { get; } = new(0);
        internal System.Threading.Channels.Channel<ClaimedJob> Began { get; } = System.Threading.Channels.Channel.CreateUnbounded<ClaimedJob>();
        internal ConcurrentQueue<Guid> Handled { get; } = new();

        internal static Node Start(TestDatabase database, string name, TimeSpan poll, int cores = 1, TimeSpan? lease = null, Func<ClaimedJob, LeaseKeeper, Task>? work = null, Action<CancellationToken>? draining = null) =>
            new(database, name, poll, cores, lease ?? TimeSpan.FromSeconds(60), work ?? ((_, _) => Task.CompletedTask), draining);

        internal void Drain() => draining.Cancel();

        internal void Rest() => engine.Rest();

        internal void GoOn() => engine.GoOn();

        public Task Prepare(int slot, CancellationToken ct)
        {
            Prepared.Release();
            return Task.CompletedTask;
        }

        public async Task Handle(int slot, ClaimedJob job, LeaseKeeper lease, CancellationToken drain)
        {
            Handled.Enqueue(job.Lease.JobId);
            Began.Writer.TryWrite(job);
            if (whenDrained is not null)
            {
                whenDrained(drain);
                await Task.Delay(Timeout.Infinite, drain).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            await work(job, lease);
            if (lease.CancelRequested.IsCancellationRequested)
                await Desk.Jobs.Release(job.Lease, ReleaseReason.Cancelled);
            else
                (await Desk.Jobs.Complete(job.Lease, KdRobust.Persistence.Tests.Arrange.Desk.ResultOf(job))).ShouldBe(CompleteOutcome.Succeeded);
        }

        public async ValueTask DisposeAsync()
        {
            await draining.CancelAsync();
            await Running.WaitAsync(TimeSpan.FromSeconds(30));
            await feed.DisposeAsync();
        }
    }
}
