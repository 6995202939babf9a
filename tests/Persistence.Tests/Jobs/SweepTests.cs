using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>The reaper, on a server that has run for longer than the lease.</summary>
public sealed class SweepTests(SweepTests.OldServer server) : IClassFixture<SweepTests.OldServer>
{
    static readonly LeaseSettings Short = new() { Lease = TimeSpan.FromSeconds(1) };

    [PostgresFact]
    public async Task Expired_lease_sends_the_job_to_the_queue_under_a_higher_fence()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var id = await desk.SubmitOneJob();
        var stale = (await desk.Claim()).Lease;
        (await desk.Jobs.Sweep()).Total.ShouldBe(0, "its lease has not run out");
        await desk.Expire(id);
        (await desk.Jobs.Sweep()).ShouldBe(new SweepReport(1, 0, 0));
        (await desk.Job(id)).Fence.ShouldBeGreaterThan(stale.Fence);
        (await desk.Jobs.Complete(stale, Desk.TrainResult)).ShouldBe(CompleteOutcome.Lost);
        var next = await desk.Claim("w2");
        next.Attempt.ShouldBe(2);
        (await desk.Jobs.Events(id)).ShouldContain(line => line.From == JobState.Running && line.To == JobState.Queued && line.Reason.StartsWith("worker w1 was not heard of for"));
    }

    [PostgresFact]
    public async Task Job_that_kills_its_worker_three_times_fails_and_others_go_on()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var poison = await desk.SubmitOneJob();
        var other = await desk.SubmitOneJob();
        for (var death = 1; death <= RetryPolicy.MaxCrashes; death++)
        {
            (await desk.Claim($"w{death}")).Lease.JobId.ShouldBe(poison);
            await desk.Expire(poison);
            (await desk.Jobs.Sweep()).Failed.ShouldBe(death == RetryPolicy.MaxCrashes ? 1 : 0);
        }
        (await desk.Job(poison)).Failure!.Kind.ShouldBe(FailureKind.Crash);
        (await desk.Claim()).Lease.JobId.ShouldBe(other);
    }

    [PostgresFact]
    public async Task Resume_point_between_two_deaths_starts_the_count_anew()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var id = await desk.SubmitOneJob();
        for (var death = 0; death < 2 * RetryPolicy.MaxCrashes; death++)
        {
            var claimed = await desk.Claim();
            (await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, death), death)).ShouldNotBeNull();
            await desk.Expire(id);
            (await desk.Jobs.Sweep()).Requeued.ShouldBe(1);
        }
        (await desk.StateOf(id)).ShouldBe(JobState.Queued);
    }

    [PostgresFact]
    public async Task Failure_found_by_the_reaper_cancels_what_waits()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        for (var death = 1; death <= RetryPolicy.MaxCrashes; death++)
        {
            await desk.Expire((await desk.Claim()).Lease.JobId);
            await desk.Jobs.Sweep();
        }
        (await desk.Experiments.Jobs(submitted.Id)).Skip(1).ShouldAllBe(job => job.Job.State == JobState.Cancelled);
    }

    [PostgresFact]
    public async Task Heartbeat_of_an_expired_lease_is_refused_even_before_the_sweep()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Continue);
        await desk.Expire(id);
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Lost);
        (await desk.StateOf(id)).ShouldBe(JobState.Running);
    }

    [PostgresFact]
    public async Task Job_that_shall_pause_and_whose_worker_died_is_paused_even_after_the_third_death()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        var id = await desk.SubmitOneJob();
        var stale = await desk.Claim();
        await database.Execute($"UPDATE job SET crash_count = {RetryPolicy.MaxCrashes - 1} WHERE id = '{id}'");
        await desk.Jobs.Pause(id, "ada");
        await desk.Expire(id);
        (await desk.Jobs.Sweep()).ShouldBe(new SweepReport(0, 0, 0) { Paused = 1 });
        var job = await desk.Job(id);
        (job.State, job.Worker).ShouldBe((JobState.Paused, null));
        job.Fence.ShouldBeGreaterThan(stale.Lease.Fence);
        (await desk.Jobs.Events(id))[^1].Reason.ShouldStartWith("paused by ada; worker w1 was not heard of for");
    }

    [PostgresFact]
    public async Task Silence_raises_an_alarm_once_takes_nothing_away_and_progress_clears_it()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await database.Execute("UPDATE job SET lease_until = clock_timestamp() + interval '1 h'");
        (await desk.Jobs.Sweep()).Stalled.ShouldBe(0);
        await database.Execute($"UPDATE job SET progress_at = clock_timestamp() - interval '{(int)StallLimits.ByKind[TrainPayload.Kind].TotalSeconds + 60} s'");
        (await desk.Jobs.Sweep()).ShouldBe(new SweepReport(0, 0, 0) { Stalled = 1 });
        (await desk.Jobs.Sweep()).Stalled.ShouldBe(0, "it is said once");
        var job = await desk.Job(id);
        (job.State, job.StalledAt is null).ShouldBe((JobState.Running, false));
        (await desk.Jobs.RecordProgress(lease, new Domain.Runs.JobProgress("train", 1, 10, "epoch", null, null, null, null))).ShouldBeTrue();
        (await desk.Job(id)).StalledAt.ShouldBeNull();
        (await desk.Jobs.Events(id)).Where(line => line.From == line.To).Select(line => line.Reason).ShouldBe(["alarm: no progress for 32 min; it runs on", "makes progress again"]);
        (await desk.Jobs.Complete(lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
    }

    [PostgresFact]
    public async Task Several_reapers_take_each_job_once()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, Short);
        for (var i = 0; i < 10; i++)
        {
            await desk.SubmitOneJob();
            await desk.Expire((await desk.Claim()).Lease.JobId);
        }
        var reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => desk.Jobs.Sweep()));
        reports.Sum(report => report.Requeued).ShouldBe(10);
        (await database.Scalar<long>("SELECT max(fence) FROM job")).ShouldBe(2);
    }

    [PrivatePostgresFact]
    public async Task After_a_start_of_the_server_the_reaper_waits_one_lease()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await MigratedDatabase.Create(cluster);
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromHours(1) });
        var id = await desk.SubmitOneJob();
        await desk.Claim();
        await desk.Expire(id);
        (await desk.Jobs.Sweep()).Total.ShouldBe(0);
        (await new Desk(database, Short).Jobs.Sweep()).Total.ShouldBe(await Age(database) > 1 ? 1 : 0);
    }

    static async Task<double> Age(TestDatabase database) =>
        (double)await database.Scalar<decimal>("SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())");

    /// <summary>Waits until the shared server is old enough for a reaper with a lease of 1 s.</summary>
    public sealed class OldServer
    {
        public async Task<TestDatabase> Database()
        {
            var database = await MigratedDatabase.Create();
            await Eventually.Holds("the server is older than 1 s", async () => await Age(database) > 1.1);
            return database;
        }
    }
}
