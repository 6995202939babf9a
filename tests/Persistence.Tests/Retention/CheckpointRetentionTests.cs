using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Retention;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Retention;

public sealed class CheckpointRetentionTests
{
    static readonly RetentionSettings Settings = new() { SucceededResumeDays = 1, EndedResumeDays = 90, UnusedOutputDays = 30 };

    [PostgresFact]
    public async Task Resume_points_of_a_succeeded_job_go_and_its_outputs_stay()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await desk.SubmitOneJob();
        var claimed = await desk.Claim();
        await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(100, 1), 1);
        await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Output, OutputNames.Best, Desk.Bytes(100, 2), 1);
        await desk.StoreOutputs(claimed);
        await desk.Jobs.Complete(claimed.Lease, Desk.TrainResult);
        (await Run(database)).ResumePointsRemoved.ShouldBe(0, "the day is not over");
        await MetricThinningTests.EndedDaysAgo(database, job, 400);

        var dry = await Run(database, dryRun: true);
        (await desk.Checkpoints.OfJob(job)).Count.ShouldBe(3);
        var report = await Run(database);
        (report.ResumePointsRemoved, report.OutputsRemoved, report.CheckpointBytesRemoved).ShouldBe((1, 0, 100));
        (dry.ResumePointsRemoved, dry.OutputsRemoved, dry.CheckpointBytesRemoved).ShouldBe((1, 0, 100));
        (await desk.Checkpoints.OfJob(job)).Select(file => file.Name).ShouldBe([OutputNames.Best, OutputNames.Weights], ignoreOrder: true);
    }

    [PostgresFact]
    public async Task A_failed_job_keeps_its_newest_resume_points_until_their_time_is_over()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        for (var epoch = 1; epoch <= 4; epoch++)
            await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(100, epoch), epoch);
        await desk.Jobs.Fail(lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        await MetricThinningTests.EndedDaysAgo(database, job, 80);
        (await Run(database)).ResumePointsRemoved.ShouldBe(0);
        (await desk.Checkpoints.LatestResume(job)).ShouldNotBeNull().Epoch.ShouldBe(4);
        await MetricThinningTests.EndedDaysAgo(database, job, 91);
        (await Run(database)).ResumePointsRemoved.ShouldBe(2);
        (await Run(database, Settings with { EndedResumeDays = null })).ResumePointsRemoved.ShouldBe(0);
    }

    [PostgresFact]
    public async Task Resume_points_of_jobs_that_run_or_wait_are_never_touched()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.StoreCheckpoint(lease, CheckpointRole.Resume, "resume", Desk.Bytes(100, 1), 1);
        await database.Execute("UPDATE job SET created_at = clock_timestamp() - interval '1 year'");
        (await Run(database)).ResumePointsRemoved.ShouldBe(0);
        await desk.Jobs.Release(lease, ReleaseReason.Drained);
        (await Run(database)).ResumePointsRemoved.ShouldBe(0);
    }

    [PostgresFact]
    public async Task Outputs_of_a_failed_job_go_only_when_every_experiment_that_uses_it_is_cancelled()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.OneJob(Specs.NewSeed()));
        var claimed = await desk.Claim();
        await desk.StoreOutputs(claimed);
        await desk.Jobs.Fail(claimed.Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        await MetricThinningTests.EndedDaysAgo(database, claimed.Lease.JobId, 400);
        (await Run(database)).OutputsRemoved.ShouldBe(0, "an experiment uses it");
        await database.Execute($"UPDATE experiment SET cancelled_at = clock_timestamp(), cancelled_by = 'ada' WHERE id = '{submitted.Id}'");
        (await Run(database)).OutputsRemoved.ShouldBe(1);
    }

    [PostgresFact]
    public async Task An_output_that_a_newer_one_replaces_goes_and_a_damaged_newer_one_replaces_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await desk.SubmitOneJob();
        var claimed = await desk.Claim();
        await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Output, OutputNames.Weights, Desk.Bytes(50, 1), 1);
        var second = (await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Output, OutputNames.Weights, Desk.Bytes(60, 2), 2))!;
        var third = (await desk.StoreCheckpoint(claimed.Lease, CheckpointRole.Output, OutputNames.Weights, Desk.Bytes(70, 3), 3))!;
        await desk.Checkpoints.MarkDamaged(third.Id);
        (await Run(database)).OutputsRemoved.ShouldBe(0, "the job runs");
        await desk.Jobs.Complete(claimed.Lease, Desk.TrainResult);
        (await Run(database)).OutputsRemoved.ShouldBe(1);
        (await desk.Checkpoints.LatestOutput(job, OutputNames.Weights)).ShouldNotBeNull().Id.ShouldBe(second.Id);
    }

    [PostgresFact]
    public async Task Parts_of_shards_go_when_their_merge_has_succeeded_and_its_day_is_over_and_not_before()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var whole = Specs.Diamond(Specs.NewSeed());
        var spec = whole with { Compute = whole.Compute with { ShardImages = 768 } };
        await desk.Submit(spec);
        // The training, three shards; then the merge.
        for (var i = 0; i < 4; i++) await MetricThinningTests.EndedDaysAgo(database, (await desk.Work()).Lease.JobId, 400);
        (await Run(database)).OutputsRemoved.ShouldBe(0, "the merge needs them still");
        var merge = await desk.Work();
        merge.Payload.ShouldBeOfType<MergePayload>();
        (await Run(database)).OutputsRemoved.ShouldBe(0, "the day is not over");
        await MetricThinningTests.EndedDaysAgo(database, merge.Lease.JobId, 2);
        (await Run(database, Settings with { MergedPartDays = null })).OutputsRemoved.ShouldBe(0);
        (await Run(database)).OutputsRemoved.ShouldBe(3);
        (await database.Scalar<long>("SELECT count(*) FROM checkpoint WHERE name = 'part'")).ShouldBe(0);
        (await desk.Checkpoints.LatestOutput(merge.Lease.JobId, OutputNames.Labels)).ShouldNotBeNull();

        // Whoever asks for the same again, cut in whatever way, uses the merge.
        var again = await desk.Submit(spec with { Name = "another", Compute = spec.Compute with { ShardImages = 1024 } });
        (await desk.Experiments.Jobs(again.Id)).Single(job => job.Key == "labels/teacher-labels-votes").Job.Id.ShouldBe(merge.Lease.JobId);
        (await desk.Experiments.Jobs(again.Id)).ShouldNotContain(job => job.Key.Contains("/images-"));
    }

    [PostgresFact]
    public async Task Parts_stay_as_long_as_a_merge_that_did_not_succeed_may_be_asked_for_again()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var whole = Specs.Diamond(Specs.NewSeed());
        await desk.Submit(whole with { Compute = whole.Compute with { ShardImages = 768 } });
        for (var i = 0; i < 4; i++) await MetricThinningTests.EndedDaysAgo(database, (await desk.Work()).Lease.JobId, 400);
        var merge = await desk.Claim();
        merge.Payload.ShouldBeOfType<MergePayload>();
        await desk.Jobs.Fail(merge.Lease, new JobFailure(FailureKind.Permanent, "broken", ""));
        await MetricThinningTests.EndedDaysAgo(database, merge.Lease.JobId, 400);
        (await Run(database)).OutputsRemoved.ShouldBe(0);
    }

    static Task<RetentionReport> Run(TestDatabase database, RetentionSettings? settings = null, bool dryRun = false) =>
        MetricThinningTests.Chore(database).Run(settings ?? Settings, dryRun);

    static Task<RetentionReport> Run(TestDatabase database, bool dryRun) => Run(database, null, dryRun);
}
