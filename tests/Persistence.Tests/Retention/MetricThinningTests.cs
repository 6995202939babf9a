using KdRobust.Domain.Runs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Retention;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Retention;

public sealed class MetricThinningTests
{
    const string Steps = "train/step-loss";
    static readonly RetentionSettings Settings = new() { StepMetricDays = 7, StepMetricBuckets = 4 };

    [PostgresFact]
    public async Task Step_metrics_become_buckets_with_mean_lowest_and_highest_and_epoch_metrics_stay()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await TrainedLongAgo(desk, epochs: 2, stepsAnEpoch: 10);

        var report = await Chore(database).Run(Settings, dryRun: false);
        (report.JobsThinned, report.MetricsRemoved).ShouldBe((1, 12));
        var series = await desk.Metrics.Series(job);
        series[MetricSeries.TrainLoss].Select(point => (point.Epoch, point.Value)).ShouldBe([(1, 0.1), (2, 0.2)]);
        // Steps 0-2, 3-4, 5-7, 8-9 of each epoch, the value of a step being its number.
        series[Steps].Select(point => (point.Epoch, point.Step, point.Value)).ShouldBe(
            [(1, 2, 1), (1, 4, 3.5), (1, 7, 6), (1, 9, 8.5), (2, 12, 11), (2, 14, 13.5), (2, 17, 16), (2, 19, 18.5)]);

        var rows = await desk.Metrics.Read(job, 0, 100);
        rows.Select(row => row.Id).ShouldBeInOrder();
        rows.Where(row => row.Point.Series == Steps).Select(row => row.Bucket!).Take(2).ShouldBe([new MetricBucket(3, 0, 2), new MetricBucket(2, 3, 4)]);
        rows.Where(row => row.Point.Series != Steps).ShouldAllBe(row => row.Bucket == null);
    }

    [PostgresFact]
    public async Task A_second_run_changes_nothing_and_a_dry_run_counts_what_the_real_one_removes()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await TrainedLongAgo(desk, epochs: 3, stepsAnEpoch: 9);
        var dry = await Chore(database).Run(Settings, dryRun: true);
        (await desk.Metrics.Read(job, 0, 1000)).Count.ShouldBe(3 * 10, "a dry run changes nothing");
        var real = await Chore(database).Run(Settings, dryRun: false);
        (dry.JobsThinned, dry.MetricsRemoved).ShouldBe((real.JobsThinned, real.MetricsRemoved));
        var kept = await desk.Metrics.Read(job, 0, 1000);
        (await Chore(database).Run(Settings, dryRun: false)).MetricsRemoved.ShouldBe(0);
        (await desk.Metrics.Read(job, 0, 1000)).ShouldBe(kept);
    }

    [PostgresFact]
    public async Task Two_programs_at_the_same_chore_do_it_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var i = 0; i < 5; i++)
            await TrainedLongAgo(desk, epochs: 1, stepsAnEpoch: 20);
        var reports = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Chore(database).Run(Settings, dryRun: false)));
        reports.Sum(report => report.JobsThinned).ShouldBe(5);
        reports.Sum(report => report.MetricsRemoved).ShouldBe(5 * 16);
    }

    [PostgresFact]
    public async Task Where_two_attempts_measured_a_step_the_newer_number_goes_into_the_mean()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var job = await desk.SubmitOneJob();
        var first = (await desk.Claim()).Lease;
        await desk.Metrics.Append(first, [.. Enumerable.Range(0, 6).Select(i => new MetricPoint(i, Steps, 1, i, 100))]);
        await database.Execute($"UPDATE job SET state = 'Queued', fence = fence + 1, lease_until = NULL WHERE id = '{job}'");
        var second = await desk.Claim();
        await desk.Metrics.Append(second.Lease, [.. Enumerable.Range(0, 6).Select(i => new MetricPoint(i, Steps, 1, i, i))]);
        await desk.StoreOutputs(second);
        await desk.Jobs.Complete(second.Lease, Desk.TrainResult);
        await EndedDaysAgo(database, job, 30);
        await Chore(database).Run(Settings with { StepMetricBuckets = 2 }, dryRun: false);
        (await desk.Metrics.Series(job))[Steps].Select(point => point.Value).ShouldBe([1, 4]);
        (await desk.Metrics.Read(job, 0, 100)).Count.ShouldBe(2);
    }

    [PostgresFact]
    public async Task Jobs_that_run_or_ended_lately_and_curves_of_attacks_are_left_alone()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await TrainedLongAgo(desk, epochs: 1, stepsAnEpoch: 20, daysAgo: 6);
        await TrainedLongAgo(desk, epochs: 1, stepsAnEpoch: 20, kind: "transfer-attack");
        await desk.SubmitOneJob();
        await desk.Metrics.Append((await desk.Claim()).Lease, [.. Enumerable.Range(0, 50).Select(i => new MetricPoint(i, Steps, 1, i, i))]);
        (await Chore(database).Run(Settings, dryRun: false)).MetricsRemoved.ShouldBe(0);
    }

    internal static RetentionChore Chore(TestDatabase database) => new(database.DataSource, new CheckpointStore(database.DataSource));

    internal static Task EndedDaysAgo(TestDatabase database, Guid job, int days) => database.Execute(
        $"""
        ALTER TABLE job DISABLE TRIGGER job_guard;
        UPDATE job SET finished_at = clock_timestamp() - interval '{days} days' WHERE id = '{job}';
        ALTER TABLE job ENABLE TRIGGER job_guard;
        """);

    static async Task<Guid> TrainedLongAgo(Desk desk, int epochs, int stepsAnEpoch, int daysAgo = 30, string kind = "train")
    {
        var id = await desk.SubmitOneJob();
        var job = await desk.Claim();
        job.Lease.JobId.ShouldBe(id);
        var points = new List<MetricPoint>();
        for (var epoch = 1; epoch <= epochs; epoch++)
        {
            for (var step = 0; step < stepsAnEpoch; step++)
                points.Add(new MetricPoint(points.Count, Steps, epoch, ((epoch - 1) * stepsAnEpoch) + step, ((epoch - 1) * stepsAnEpoch) + step));
            points.Add(new MetricPoint(points.Count, MetricSeries.TrainLoss, epoch, epoch, epoch / 10.0));
        }
        await desk.Metrics.Append(job.Lease, points);
        await desk.StoreOutputs(job);
        (await desk.Jobs.Complete(job.Lease, Desk.TrainResult)).ShouldBe(Persistence.Jobs.CompleteOutcome.Succeeded);
        await EndedDaysAgo(desk.Database, id, daysAgo);
        if (kind != "train")
            await desk.Database.Execute($"ALTER TABLE job DISABLE TRIGGER job_guard; UPDATE job SET kind = '{kind}' WHERE id = '{id}'; ALTER TABLE job ENABLE TRIGGER job_guard");
        return id;
    }
}
