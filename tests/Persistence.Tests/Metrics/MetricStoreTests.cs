using System.Collections;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Tests.Jobs;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Metrics;

public sealed class MetricStoreTests(SweepTests.OldServer server) : IClassFixture<SweepTests.OldServer>
{
    [PostgresFact]
    public async Task Writer_that_is_halted_in_the_middle_of_its_numbers_does_not_keep_its_job_from_the_reaper()
    {
        await using var database = await server.Database();
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        var id = await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var halted = new HaltingPoints(Points(0, 100), before: 50);
        var writing = Task.Run(() => desk.Metrics.Append(lease, halted));
        await halted.Reached.Task;
        await desk.Expire(id);
        (await desk.Jobs.Sweep()).Requeued.ShouldBe(1, "a lease that ran out is taken, whatever its holder was doing");
        var successor = await desk.Claim("w2");
        (await desk.Metrics.Append(successor.Lease, Points(0, 10))).ShouldBeTrue();

        halted.GoOn.Set();
        (await writing).ShouldBeFalse("its claim was taken while it stood still");
        (await desk.Metrics.Read(id, 0, 1000)).Count.ShouldBe(10);
        (await desk.Jobs.Complete(successor.Lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
    }

    [PostgresFact]
    public async Task Batch_that_is_sent_again_is_stored_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        var points = Points(0, 100);
        (await desk.Metrics.Append(lease, points)).ShouldBeTrue();
        (await desk.Metrics.Append(lease, points)).ShouldBeTrue();
        (await desk.Metrics.Append(lease, [.. points.Skip(50), .. Points(100, 20)])).ShouldBeTrue();
        (await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => desk.Metrics.Append(lease, Points(120, 30))))).ShouldAllBe(stored => stored);

        var stored = await desk.Metrics.Read(lease.JobId, 0, 1000);
        stored.Select(metric => metric.Point).ShouldBe(Points(0, 150));
        stored.Select(metric => metric.Id).ShouldBeInOrder();
    }

    [PostgresFact]
    public async Task Cursor_reads_on_where_it_stopped()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await desk.Metrics.Append(lease, Points(0, 25));
        var seen = new List<long>();
        long cursor = 0;
        while (await desk.Metrics.Read(lease.JobId, cursor, 10) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(metric => metric.Point.Ordinal));
            cursor = page[^1].Id;
        }
        seen.ShouldBe(Enumerable.Range(0, 25).Select(i => (long)i));
    }

    [PostgresFact]
    public async Task Newest_attempt_wins_where_two_measured_one_step()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await desk.SubmitOneJob();
        await desk.Metrics.Append((await desk.Claim()).Lease, [Point(0, 1, 0.5), Point(1, 2, 0.6), Point(2, 3, 0.7)]);
        await database.Execute($"UPDATE job SET state = 'Queued', fence = fence + 1, lease_until = NULL WHERE id = '{id}'");
        await desk.Metrics.Append((await desk.Claim()).Lease, [Point(2, 3, 0.9), Point(3, 4, 1.0)]);

        var series = await desk.Metrics.Series(id);
        series.Keys.ShouldBe([MetricSeries.TrainLoss]);
        series[MetricSeries.TrainLoss].Select(point => (point.Step, point.Value)).ShouldBe([(1, 0.5), (2, 0.6), (3, 0.9), (4, 1.0)]);
    }

    [PostgresFact]
    public async Task Points_out_of_order_are_refused_whole()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var lease = (await desk.Claim()).Lease;
        await Should.ThrowAsync<ArgumentException>(() => desk.Metrics.Append(lease, [Point(0, 1, 1), Point(2, 2, 2), Point(1, 3, 3)]));
        (await desk.Metrics.Read(lease.JobId, 0, 10)).ShouldBeEmpty();
    }

    static MetricPoint Point(long ordinal, long step, double value) => new(ordinal, MetricSeries.TrainLoss, (int)step, step, value);

    static List<MetricPoint> Points(int first, int count) => [.. Enumerable.Range(first, count).Select(i => Point(i, i, 1.0 / (i + 3)))];

    /// <summary>Numbers whose reader stands still before one of them, as a program that is halted in the middle of sending them.</summary>
    sealed class HaltingPoints(List<MetricPoint> points, int before) : IReadOnlyList<MetricPoint>
    {
        internal TaskCompletionSource Reached { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        internal ManualResetEventSlim GoOn { get; } = new();

        public int Count => points.Count;

        public MetricPoint this[int index] => points[index];

        public IEnumerator<MetricPoint> GetEnumerator()
        {
            foreach (var (index, point) in points.Index())
            {
                if (index == before)
                {
                    Reached.TrySetResult();
                    GoOn.Wait(TimeSpan.FromSeconds(60)).ShouldBeTrue("nobody let it go on");
                }
                yield return point;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
