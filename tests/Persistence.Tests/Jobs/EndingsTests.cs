using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class EndingsTests
{
    static readonly JobFailure Weather = new(FailureKind.Transient, "the disk was full", "stack");
    static readonly JobFailure Wrong = new(FailureKind.Permanent, "train.bin ends at byte 12", "");
    static readonly JobFailure Death = new(FailureKind.Crash, "the run process died with signal 9", "");

    [PostgresFact]
    public async Task Diamond_runs_parents_first_and_each_job_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var order = new List<string>();
        while (await desk.TryClaim() is { } job)
        {
            order.Add(job.DisplayName);
            await desk.StoreOutputs(job);
            await desk.Jobs.Complete(job.Lease, Desk.ResultOf(job));
        }
        order.Count.ShouldBe(4);
        order.IndexOf("train kd-votes").ShouldBeLessThan(order.IndexOf("attack kd-votes at 8/255"));
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(Persistence.Experiments.ExperimentState.Succeeded);
        (await desk.Experiments.Jobs(submitted.Id)).ShouldAllBe(job => job.Job.Result != null);
    }

    [PostgresFact]
    public async Task Parents_that_end_at_the_same_moment_free_their_child_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var round = 0; round < 10; round++)
        {
            // Two roots and a child of both, wired by hand: the race is between the two completions.
            var (left, right, child) = (await desk.SubmitOneJob(), await desk.SubmitOneJob(), await desk.SubmitOneJob());
            await database.Execute(
                $"SET session_replication_role = replica; UPDATE job SET state = 'Blocked', deps_left = 2 WHERE id = '{child}'; SET session_replication_role = origin;"
                + $"INSERT INTO job_dependency (job_id, role, parent_id, output) VALUES ('{child}', 'a', '{left}', 'weights'), ('{child}', 'b', '{right}', 'weights')");
            var parents = new[] { await desk.Claim("w1"), await desk.Claim("w2") };
            foreach (var parent in parents)
                await desk.StoreOutputs(parent);
            await Task.WhenAll(parents.Select(parent => desk.Jobs.Complete(parent.Lease, Desk.TrainResult)));
            (await desk.Claim()).Lease.JobId.ShouldBe(child);
        }
    }

    [PostgresFact]
    public async Task Stale_lease_writes_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var stale = (await desk.Claim("old")).Lease;
        await database.Execute($"UPDATE job SET state = 'Queued', fence = fence + 1, lease_until = NULL, worker = NULL WHERE id = '{id}'");

        async Task NothingComesThrough()
        {
            var before = await desk.Dump();
            (await desk.Jobs.Heartbeat(stale)).ShouldBe(HeartbeatReply.Lost);
            (await desk.Jobs.RecordProgress(stale, new("train", 1, 2, "epoch", null, null, null, null))).ShouldBeFalse();
            (await desk.Jobs.Complete(stale, Desk.TrainResult)).ShouldBe(CompleteOutcome.Lost);
            (await desk.Jobs.Fail(stale, Weather)).ShouldBe(FailOutcome.Lost);
            (await desk.Jobs.Release(stale, ReleaseReason.Drained)).ShouldBeFalse();
            (await desk.Metrics.Append(stale, [new(0, "train/loss", 1, 1, 2.0)])).ShouldBeFalse();
            (await desk.StoreCheckpoint(stale, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1))).ShouldBeNull();
            (await desk.Dump()).ShouldBe(before);
        }
        await NothingComesThrough();
        var winner = await desk.Claim("new");
        await NothingComesThrough();
        (await desk.Jobs.Complete(winner.Lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        await NothingComesThrough();
        (await database.Scalar<long>("SELECT (SELECT count(*) FROM metric) + (SELECT count(*) FROM checkpoint)")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task Ending_that_is_reported_twice_gets_the_same_answer_and_one_event()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        (await desk.Jobs.Complete(lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        (await desk.Jobs.Complete(lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        (await desk.Jobs.Events(id)).Count(line => line.To == JobState.Succeeded).ShouldBe(1);

        await desk.SubmitOneJob();
        lease = (await desk.Claim()).Lease;
        (await desk.Jobs.Fail(lease, Wrong)).ShouldBe(FailOutcome.Final);
        (await desk.Jobs.Fail(lease, Wrong)).ShouldBe(FailOutcome.Final);
    }

    [PostgresFact]
    public async Task Weather_is_tried_again_until_the_attempts_are_used_up()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        for (var attempt = 1; attempt < RetryPolicy.MaxAttempts; attempt++)
        {
            (await desk.Jobs.Fail((await desk.Claim()).Lease, Weather)).ShouldBe(FailOutcome.WillRetry);
            await desk.PassWaits();
        }
        (await desk.Jobs.Fail((await desk.Claim()).Lease, Weather)).ShouldBe(FailOutcome.Final);
        var job = await desk.Job(id);
        job.State.ShouldBe(JobState.Failed);
        job.Attempt.ShouldBe(RetryPolicy.MaxAttempts);
        job.Failure.ShouldBe(Weather);
    }

    [PostgresFact]
    public async Task Wrong_input_fails_at_once_and_cancels_what_waits_with_the_reason()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        (await desk.Jobs.Fail((await desk.Claim()).Lease, Wrong)).ShouldBe(FailOutcome.Final);
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        jobs[0].Job.State.ShouldBe(JobState.Failed);
        jobs.Skip(1).ShouldAllBe(job => job.Job.State == JobState.Cancelled);
        jobs[3].Job.Failure!.Message.ShouldBe("'train cni' failed: train.bin ends at byte 12");
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(Persistence.Experiments.ExperimentState.Failed);
    }

    [PostgresFact]
    public async Task Third_crash_without_a_new_resume_point_is_the_last()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        async Task<FailOutcome> Crash()
        {
            await desk.PassWaits();
            return await desk.Jobs.Fail((await desk.Claim()).Lease, Death);
        }
        (await Crash()).ShouldBe(FailOutcome.WillRetry);
        (await Crash()).ShouldBe(FailOutcome.WillRetry);
        await desk.PassWaits();
        var third = await desk.Claim();
        await desk.StoreCheckpoint(third.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1)); // Progress: the count starts anew.
        (await desk.Jobs.Fail(third.Lease, Death)).ShouldBe(FailOutcome.WillRetry);
        (await Crash()).ShouldBe(FailOutcome.WillRetry);
        (await Crash()).ShouldBe(FailOutcome.Final);
        (await desk.Job(id)).Failure!.Message.ShouldContain("3 times");
        await desk.PassWaits();
        (await desk.TryClaim()).ShouldBeNull();
    }

    [PostgresFact]
    public async Task Drain_costs_no_attempt()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        for (var i = 0; i < RetryPolicy.MaxAttempts + 2; i++)
        {
            var claimed = await desk.Claim();
            claimed.Attempt.ShouldBe(1);
            (await desk.Jobs.Release(claimed.Lease, ReleaseReason.Drained)).ShouldBeTrue();
        }
        (await desk.StateOf(id)).ShouldBe(JobState.Queued);
    }
}
