using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class PauseTests
{
    [PostgresFact]
    public async Task Queued_job_is_paused_at_once_and_goes_on_when_resumed()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var paused = await desk.Jobs.Pause(id, "ada");
        (paused.Kind, paused.State).ShouldBe((RequestKind.Done, JobState.Paused));
        (await desk.TryClaim()).ShouldBeNull();
        (await desk.Job(id)).PausedAt.ShouldNotBeNull();
        (await desk.Jobs.Pause(id, "ada")).Kind.ShouldBe(RequestKind.NotInThisState);
        (await desk.Jobs.Resume(id, "bob")).Kind.ShouldBe(RequestKind.Done);
        (await desk.Jobs.Events(id)).Select(line => line.Reason).ShouldBe(["submitted", "paused by ada", "resumed by bob"]);
        (await desk.Claim()).Lease.JobId.ShouldBe(id);
    }

    [PostgresFact]
    public async Task Running_job_is_told_and_its_release_pauses_it_without_an_attempt_then_it_continues_under_a_new_fence()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var first = await desk.Claim();
        (await desk.Jobs.Heartbeat(first.Lease)).ShouldBe(HeartbeatReply.Continue);
        (await desk.Jobs.Pause(id, "ada")).Kind.ShouldBe(RequestKind.Requested);
        (await desk.Job(id)).PauseRequested.ShouldBeTrue();
        (await desk.Jobs.Heartbeat(first.Lease)).ShouldBe(HeartbeatReply.Pause);
        var point = await desk.StoreCheckpoint(first.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1), epoch: 3);
        (await desk.Jobs.Release(first.Lease, ReleaseReason.Paused)).ShouldBeTrue();
        (await desk.Job(id)).ShouldSatisfyAllConditions(job => job.State.ShouldBe(JobState.Paused), job => job.PauseRequested.ShouldBeFalse(), job => job.Attempt.ShouldBe(0));
        (await desk.Jobs.Complete(first.Lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Lost);

        await desk.Jobs.Resume(id, "ada");
        var second = await desk.Claim();
        second.Resume.ShouldBe(point);
        second.Attempt.ShouldBe(1);
        second.Lease.Fence.ShouldBeGreaterThan(first.Lease.Fence);
        (await desk.Jobs.Events(id)).Where(line => line.From == line.To).Select(line => line.Reason).ShouldBe(["a pause was asked for by ada"]);
    }

    [PostgresFact]
    public async Task Pause_that_is_withdrawn_before_the_run_stopped_sends_the_job_back_to_the_queue()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        (await desk.Jobs.Resume(id, "ada")).Kind.ShouldBe(RequestKind.NotInThisState);
        await desk.Jobs.Pause(id, "ada");
        var resumed = await desk.Jobs.Resume(id, "ada");
        (resumed.Kind, resumed.Says.EndsWith("runs on; if its run was stopping already it goes back to the queue first", StringComparison.Ordinal)).ShouldBe((RequestKind.Done, true), resumed.Says);
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Continue);
        (await desk.Jobs.Release(lease, ReleaseReason.Paused)).ShouldBeTrue();
        (await desk.StateOf(id)).ShouldBe(JobState.Queued);
    }

    [PostgresFact]
    public async Task Cancel_wins_over_pause_and_a_result_over_both_when_it_came_first()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var cancelled = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.Jobs.Pause(cancelled, "ada");
        await desk.Jobs.RequestCancel(cancelled, "ada", false);
        (await desk.Jobs.Heartbeat(lease)).ShouldBe(HeartbeatReply.Cancel);
        await desk.Jobs.Release(lease, ReleaseReason.Paused);
        (await desk.StateOf(cancelled)).ShouldBe(JobState.Cancelled);

        var finished = await desk.SubmitOneJob();
        lease = (await desk.Claim()).Lease;
        await desk.Jobs.Pause(finished, "ada");
        (await desk.Jobs.Complete(lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        (await desk.Job(finished)).PauseRequested.ShouldBeFalse();
        (await desk.Jobs.Pause(finished, "ada")).Says.ShouldContain("has ended (Succeeded)");
    }

    [PostgresFact]
    public async Task Failure_that_would_be_tried_again_pauses_a_job_that_shall_pause_and_a_final_one_fails_it()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.Jobs.Pause(id, "ada");
        (await desk.Jobs.Fail(lease, new JobFailure(FailureKind.Transient, "weather", ""))).ShouldBe(FailOutcome.WillRetry);
        (await desk.StateOf(id)).ShouldBe(JobState.Paused);
        (await desk.Jobs.Fail(lease, new JobFailure(FailureKind.Transient, "weather", ""))).ShouldBe(FailOutcome.WillRetry, "said again after a broken connection");

        var bad = await desk.SubmitOneJob();
        lease = (await desk.Claim()).Lease;
        await desk.Jobs.Pause(bad, "ada");
        await desk.Jobs.Fail(lease, new JobFailure(FailureKind.Permanent, "no such file", ""));
        (await desk.StateOf(bad)).ShouldBe(JobState.Failed);
    }

    [PostgresFact]
    public async Task Paused_experiment_stays_paused_when_a_running_parent_ends()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var parent = await desk.Claim();
        var outcome = await desk.Jobs.PauseExperiment(submitted.Id, Desk.Owner, "ada");
        outcome.Jobs.Count.ShouldBe(4);
        outcome.Jobs.ShouldAllBe(job => job.Outcome.Kind == RequestKind.Requested);
        await desk.StoreOutputs(parent);
        (await desk.Jobs.Complete(parent.Lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);

        var jobs = await desk.Experiments.Jobs(submitted.Id);
        jobs.Single(job => job.Key == "labels/teacher-labels-votes").Job.State.ShouldBe(JobState.Paused);
        (await desk.TryClaim()).ShouldBeNull();
        var resumed = await desk.Jobs.ResumeExperiment(submitted.Id, Desk.Owner, "ada");
        resumed.Jobs.Select(job => job.Outcome.Kind).ShouldBe([RequestKind.Done, RequestKind.Done, RequestKind.Done], "the succeeded one is left out");
        resumed.Jobs.ShouldContain(job => job.Outcome.Says.EndsWith("does not pause when the jobs it waits for are done", StringComparison.Ordinal));
        for (var i = 0; i < 3; i++)
            await desk.Work();
        (await desk.Experiments.Jobs(submitted.Id)).ShouldAllBe(job => job.Job.State == JobState.Succeeded);
    }

    [PostgresFact]
    public async Task Shared_job_is_not_paused_without_a_word_and_its_users_are_named()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var first = await desk.Submit(Specs.OneJob(seed, "first"));
        await desk.Submit(Specs.OneJob(seed, "second"));
        var job = (await desk.Experiments.Jobs(first.Id))[0].Job.Id;
        var refused = await desk.Jobs.Pause(job, "ada");
        refused.Kind.ShouldBe(RequestKind.Shared);
        refused.Says.ShouldContain("first, second");
        (await desk.Jobs.PauseExperiment(first.Id, null, "ada")).Changed.ShouldBeFalse();
        (await desk.Jobs.SetPriority(job, 3, "ada")).Kind.ShouldBe(RequestKind.Shared);
        (await desk.StateOf(job)).ShouldBe(JobState.Queued);
        (await desk.Jobs.Pause(job, "ada", evenIfShared: true)).Kind.ShouldBe(RequestKind.Done);
        (await desk.Jobs.Pause(Guid.NewGuid(), "ada")).Kind.ShouldBe(RequestKind.NotFound);
        (await desk.Jobs.PauseExperiment(first.Id, "somebody else", "eve")).Found.ShouldBeFalse();
    }
}
