using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class RetryTests
{
    static readonly JobFailure Bad = new(FailureKind.Permanent, "no such file", "");

    [PostgresFact]
    public async Task Failed_job_is_queued_again_with_all_attempts_its_resume_point_and_a_higher_fence()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var first = await desk.Claim();
        var point = await desk.StoreCheckpoint(first.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1), epoch: 2);
        await desk.Jobs.Fail(first.Lease, Bad);
        var retried = await desk.Jobs.Retry(id, RetryFrom.Checkpoint, "ada");
        (retried.Kind, retried.State).ShouldBe((RequestKind.Done, JobState.Queued));
        var job = await desk.Job(id);
        (job.Attempt, job.Failure, job.FinishedAt).ShouldBe((0, null, null));
        job.Fence.ShouldBeGreaterThan(first.Lease.Fence);
        (await desk.Jobs.Fail(first.Lease, Bad)).ShouldBe(FailOutcome.Lost, "the old claim is of another life");
        var second = await desk.Claim();
        second.Resume.ShouldBe(point);
        (await desk.Jobs.Events(id)).ShouldContain(line => line.From == JobState.Failed && line.To == JobState.Queued && line.Reason == "retried by ada from its newest resume point");
        (await desk.Jobs.Retry(id, RetryFrom.Checkpoint, "ada")).Kind.ShouldBe(RequestKind.NotInThisState);
    }

    [PostgresFact]
    public async Task Retry_from_scratch_forgets_resume_points()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        var first = await desk.Claim();
        await desk.StoreCheckpoint(first.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1), epoch: 2);
        await desk.Jobs.Fail(first.Lease, Bad);
        await desk.Jobs.Retry(id, RetryFrom.Scratch, "ada");
        (await desk.Claim()).Resume.ShouldBeNull();
    }

    [PostgresFact]
    public async Task Poison_job_that_is_retried_has_three_lives_again()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        for (var life = 0; life < 2; life++)
        {
            for (var death = 1; death <= RetryPolicy.MaxCrashes; death++)
            {
                (await desk.Jobs.Fail((await desk.Claim()).Lease, new JobFailure(FailureKind.Crash, "signal 11", ""))).ShouldBe(death < RetryPolicy.MaxCrashes ? FailOutcome.WillRetry : FailOutcome.Final);
                await desk.PassWaits();
            }
            (await desk.Jobs.Retry(id, RetryFrom.Checkpoint, "ada")).Kind.ShouldBe(RequestKind.Done);
        }
        (await desk.Jobs.Events(id)).Count(line => line.To == JobState.Failed).ShouldBe(2, "one end a life");
    }

    [PostgresFact]
    public async Task Retried_parent_takes_back_the_diamond_below_it_and_all_of_it_succeeds()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        await desk.Jobs.Fail((await desk.Claim()).Lease, Bad);
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        jobs.Skip(1).ShouldAllBe(job => job.Job.State == JobState.Cancelled && job.Job.CancelledWith == jobs[0].Job.Id);

        var refused = await desk.Jobs.Retry(jobs[3].Job.Id, RetryFrom.Checkpoint, "ada");
        refused.Kind.ShouldBe(RequestKind.ParentEnded);
        refused.Says.ShouldContain("'train cni', which is Failed");
        var retried = await desk.Jobs.Retry(jobs[0].Job.Id, RetryFrom.Checkpoint, "ada");
        retried.TakenBack.ShouldBe(jobs.Skip(1).Select(job => job.Job.Id), ignoreOrder: true);
        (await desk.Experiments.Jobs(submitted.Id)).Select(job => job.Job.State).ShouldBe([JobState.Queued, JobState.Blocked, JobState.Blocked, JobState.Blocked]);
        for (var i = 0; i < 4; i++)
            await desk.Work();
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded);
    }

    [PostgresFact]
    public async Task Descendant_that_a_person_cancelled_and_all_below_it_stay_cancelled()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var jobs = (await desk.Experiments.Jobs(submitted.Id)).ToDictionary(job => job.Key, job => job.Job.Id);
        await desk.Jobs.RequestCancel(jobs["train/kd-votes"], "ada", false);
        await desk.Jobs.Fail((await desk.Claim()).Lease, Bad);
        var retried = await desk.Jobs.Retry(jobs["train/cni"], RetryFrom.Checkpoint, "ada");
        retried.TakenBack.ShouldBe([jobs["labels/teacher-labels-votes"]]);
        (await desk.StateOf(jobs["train/kd-votes"])).ShouldBe(JobState.Cancelled);
        (await desk.StateOf(jobs["attack/kd-votes-8"])).ShouldBe(JobState.Cancelled);

        (await desk.Jobs.Retry(jobs["train/kd-votes"], RetryFrom.Checkpoint, "ada")).State.ShouldBe(JobState.Blocked, "its labels are still to be computed");
        (await desk.StateOf(jobs["attack/kd-votes-8"])).ShouldBe(JobState.Blocked, "the last of its parents is wanted again");
        for (var i = 0; i < 4; i++)
            await desk.Work();
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded);
    }

    [PostgresFact]
    public async Task Cancelled_experiment_that_is_retried_is_one_that_runs_again()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        await desk.Work();
        await desk.Experiments.Cancel(submitted.Id, null, "ada");
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Cancelled);
        var outcome = await desk.Jobs.RetryExperiment(submitted.Id, Desk.Owner, RetryFrom.Checkpoint, "ada");
        outcome.Jobs.Select(job => (job.Outcome.Kind, job.Outcome.State)).ShouldBe([(RequestKind.Done, JobState.Queued), (RequestKind.Done, JobState.Blocked), (RequestKind.Done, JobState.Blocked)]);
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Running);
        for (var i = 0; i < 3; i++)
            await desk.Work();
        (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded);
        (await desk.Jobs.RetryExperiment(submitted.Id, Desk.Owner, RetryFrom.Checkpoint, "ada")).Changed.ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Job_that_a_later_submission_computes_is_not_computed_twice()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var first = await desk.Submit(Specs.OneJob(seed));
        var old = (await desk.Experiments.Jobs(first.Id))[0].Job.Id;
        await desk.Jobs.Fail((await desk.Claim()).Lease, Bad);
        await desk.Submit(Specs.OneJob(seed));
        (await desk.Jobs.Retry(old, RetryFrom.Checkpoint, "ada")).Kind.ShouldBe(RequestKind.Superseded);
        (await desk.StateOf(old)).ShouldBe(JobState.Failed);
    }

    [PostgresFact]
    public async Task Retry_and_the_end_of_a_parent_at_the_same_moment_leave_no_job_waiting_for_ever()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var round = 0; round < 10; round++)
        {
            var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
            var child = (await desk.Experiments.Jobs(submitted.Id)).Single(job => job.Key == "labels/teacher-labels-votes").Job.Id;
            var parent = await desk.Claim();
            await desk.StoreOutputs(parent);
            await desk.Jobs.RequestCancel(child, "ada", false);
            var retry = desk.Jobs.Retry(child, RetryFrom.Checkpoint, "ada");
            await Task.WhenAll(retry, desk.Jobs.Complete(parent.Lease, Desk.TrainResult));
            (await retry).Kind.ShouldBe(RequestKind.Done);
            for (var i = 0; i < 3; i++)
                await desk.Work();
        }
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state <> 'Succeeded'")).ShouldBe(0);
    }
}
