using System.Diagnostics;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;
using NpgsqlTypes;

namespace KdRobust.Service.Bench;

/// <summary>Numbers of a training into the database.</summary>
static class MetricRows
{
    const int Batch = 20_000, Batches = 10;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("metrics");
        await place.StartApi();
        await History.Ready(place, await History.Payload(place), 100, "metrics");
        await place.Run("CREATE TABLE raw_metric (job_id uuid NOT NULL, fence bigint NOT NULL, attempt int NOT NULL, ordinal bigint NOT NULL, series text NOT NULL, epoch int NOT NULL, step bigint NOT NULL, value float8 NOT NULL)");
        var store = new MetricStore(place.Database);
        var jobs = new JobStore(place.Database, new LeaseSettings { Lease = TimeSpan.FromHours(1) });
        var (raw, ours, rows) = (new List<double>(), new List<double>(), new List<object>());
        for (var round = -1; round < load.Rounds; round++)
        {
            var lease = (await jobs.TryClaimNext(new WorkerOffer("bench", 1, DeviceKind.Cpu)))!.Lease;
            var batches = Enumerable.Range(0, Batches).Select(batch => Enumerable.Range(0, Batch).Select(i =>
            {
                var ordinal = (long)batch * Batch + i;
                return new MetricPoint(ordinal, i % 2 == 0 ? MetricSeries.TrainLoss : MetricSeries.TrainAccuracy, batch, ordinal / 2, ordinal * 0.001);
            }).ToList()).ToList();
            var rawRate = await Rate(points => Copy(place, lease, points), batches);
            var ourRate = await Rate(async points =>
            {
                if (!await store.Append(lease, points)) throw new InvalidOperationException("the lease is gone");
            }, batches);
            if (round < 0) continue; // Warms up.
            raw.Add(rawRate);
            ours.Add(ourRate);
            rows.Add(new { raw = Figure.Rounded(rawRate), ours = Figure.Rounded(ourRate) });
            Load.Say($"round {round + 1} of {load.Rounds}: {rawRate:0} rows/s by COPY, {ourRate:0} ours");
        }
        return Outcome.Of(
            new { batch = Batch, rows_per_second = rows },
            ("metrics", Figure.Least(Sample.Median(ours) / Sample.Median(raw), "of raw", 0.5, $"MetricStore.Append (fenced, exactly once, indexed, told to who watches) over a binary COPY of the same columns into a table without any key, batches of {Batch} rows, one commit each"))).WithRatios("metrics");
    }

    static async Task<double> Rate(Func<IReadOnlyList<MetricPoint>, Task> store, IReadOnlyList<IReadOnlyList<MetricPoint>> batches)
    {
        var begun = Stopwatch.GetTimestamp();
        foreach (var batch in batches) await store(batch);
        return batches.Count * (double)Batch / Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }

    static async Task Copy(Place place, JobLease lease, IReadOnlyList<MetricPoint> points)
    {
        await using var connection = await place.Database.OpenConnectionAsync();
        await using var copy = await connection.BeginBinaryImportAsync("COPY raw_metric (job_id, fence, attempt, ordinal, series, epoch, step, value) FROM STDIN (FORMAT BINARY)");
        foreach (var point in points)
        {
            await copy.StartRowAsync();
            await copy.WriteAsync(lease.JobId, NpgsqlDbType.Uuid);
            await copy.WriteAsync(lease.Fence, NpgsqlDbType.Bigint);
            await copy.WriteAsync(1, NpgsqlDbType.Integer);
            await copy.WriteAsync(point.Ordinal, NpgsqlDbType.Bigint);
            await copy.WriteAsync(point.Series, NpgsqlDbType.Text);
            await copy.WriteAsync(point.Epoch, NpgsqlDbType.Integer);
            await copy.WriteAsync(point.Step, NpgsqlDbType.Bigint);
            await copy.WriteAsync(point.Value, NpgsqlDbType.Double);
        }
        await copy.CompleteAsync();
    }
}
