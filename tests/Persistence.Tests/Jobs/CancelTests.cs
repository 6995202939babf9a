using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class CancelTests
{
    [PostgresFact]
    public async Task Cancel_or_complete_whoever_comes_first_wins_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seen = new HashSet<CompleteOutcome>();
        for (var round = 0; round < 30; round++)
        {
            var id = await desk.SubmitOneJob();
            var lease = (await desk.Claim()).Lease;
            var cancel = desk.Jobs.RequestCancel(id, "ada", evenIfShared: false);
            var complete = desk.Jobs.Complete(lease, Desk.TrainResult);
            await Task.WhenAll(cancel, complete);

            var outcome = await complete;
            (await cancel).Kind.ShouldBe(outcome == CompleteOutcome.Succeeded ? CancelKind.AlreadyEnded : CancelKind.Requested);
            var job = await desk.Job(id);
            job.State.ShouldBe(outcome == CompleteOutcome.Succeeded ? JobState.Succeeded : JobState.Cancelled);
            (job.Result is not null).ShouldBe(outcome == CompleteOutcome.Succeeded);
            (await desk.Jobs.Events(id)).Count(line => line.To.IsTerminal()).ShouldBe(1);
            seen.Add(outcome);
        }
        seen.ShouldNotContain(CompleteOutcome.Lost);
    }

    [PostgresFact]
    public async Task Running_job_is_told_by_its_heartbeat_and_its_release_cancels()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var lease = (await desk.Claim()).Lease;
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Continue);
        (await desk.Jobs.RequestCancel(lease.JobId, "ada", false)).Kind.ShouldBe(CancelKind.Requested);
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Cancel);
        (await desk.Jobs.Release(lease, ReleaseReason.Cancelled)).ShouldBeTrue();
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        jobs.ShouldAllBe(job => job.Job.State == JobState.Cancelled);
        jobs[0].Job.Failure!.Message.ShouldBe("cancelled by ada");
    }

    [PostgresFact]
    public async Task Cancel_then_death_of_the_worker_is_cancelled_and_never_run_again()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await MigratedDatabase.Create(cluster);
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        var id = await desk.SubmitOneJob();
        await desk.Claim();
        await desk.Jobs.RequestCancel(id, "ada", false);
        await Eventually.Holds("the reaper takes the job", async () => (await desk.Jobs.Sweep()).Cancelled == 1);
        (await desk.StateOf(id)).ShouldBe(JobState.Cancelled);
        (await desk.TryClaim()).ShouldBeNull();
    }

    [PostgresFact]
    public async Task Waiting_jobs_are_cancelled_at_once_and_ended_ones_not_at_all()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        await desk.Work();
        (await desk.Jobs.RequestCancel(jobs[0].Job.Id, "ada", false)).Kind.ShouldBe(CancelKind.AlreadyEnded);
        (await desk.StateOf(jobs[0].Job.Id)).ShouldBe(JobState.Succeeded);
        (await desk.Jobs.RequestCancel(jobs[1].Job.Id, "ada", false)).Kind.ShouldBe(CancelKind.Cancelled);
        (await desk.StateOf(jobs[3].Job.Id)).ShouldBe(JobState.Cancelled);
        (await desk.Jobs.RequestCancel(Guid.NewGuid(), "ada", false)).Kind.ShouldBe(CancelKind.NotFound);
    }

    [PostgresFact]
    public async Task Shared_job_is_not_cancelled_without_a_word()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var first = await desk.Submit(Specs.OneJob(seed, "first"));
        var second = await desk.Submit(Specs.OneJob(seed, "second"));
        second.ReusedJobs.ShouldBe(1);
        var job = (await desk.Experiments.Jobs(first.Id))[0].Job.Id;
        var refused = await desk.Jobs.RequestCancel(job, "ada", evenIfShared: false);
        refused.Kind.ShouldBe(CancelKind.Shared);
        refused.Users.Select(user => user.Name).ShouldBe(["first", "second"]);
        (await desk.StateOf(job)).ShouldBe(JobState.Queued);
        (await desk.Jobs.RequestCancel(job, "ada", evenIfShared: true)).Kind.ShouldBe(CancelKind.Cancelled);
    }
}
