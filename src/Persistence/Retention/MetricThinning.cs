using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Retention;

/// <summary>
/// Down-samples the step metrics of trainings that ended long ago. In each epoch of a series with more points than are to be
/// left, points that follow each other become one: the row of the last keeps its place and its step and holds their mean, how
/// many they were, and the lowest and the highest. Readers read rows as before; a series of one point an epoch stays as it is,
/// and so does everything that is no training (an attack's curve is a result).
/// </summary>
sealed class MetricThinning(NpgsqlDataSource database)
{
    const string Due =
        """
        job.kind = 'train' AND job.state IN ('Succeeded', 'Failed', 'Cancelled') AND job.finished_at < clock_timestamp() - make_interval(days => $1)
        AND NOT EXISTS (SELECT 1 FROM metric_thinning done WHERE done.job_id = job.id AND done.at >= job.finished_at)
        """;

    // Where several claims measured one step, the newest's number counts, as for every reader.
    const string Buckets =
        """
        newest AS (
            SELECT DISTINCT ON (series, epoch, step) id, series, epoch, step, value, coalesce(points, 1) AS points, coalesce(low, value) AS low, coalesce(high, value) AS high
            FROM metric WHERE job_id = $1 ORDER BY series, epoch, step, fence DESC, ordinal DESC),
        placed AS (
            SELECT *, row_number() OVER (PARTITION BY series, epoch ORDER BY step) - 1 AS place, count(*) OVER (PARTITION BY series, epoch) AS total FROM newest),
        bucket AS (
            SELECT series, epoch, (array_agg(id ORDER BY place DESC))[1] AS kept, sum(points)::int AS points, min(low) AS low, max(high) AS high,
                sum(value * points) / sum(points) AS mean
            FROM placed WHERE total > $2 GROUP BY series, epoch, place * $2 / total),
        doomed AS (
            SELECT metric.id FROM metric
            WHERE metric.job_id = $1 AND (metric.series, metric.epoch) IN (SELECT series, epoch FROM bucket) AND metric.id NOT IN (SELECT kept FROM bucket))
        """;

    /// <summary>Down-samples every training that is due, each in a transaction of its own.</summary>
    /// <returns>How many trainings changed, and how many rows went.</returns>
    internal async Task<(int Jobs, long Rows)> Thin(int days, int buckets, bool dryRun, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        var due = await connection.Rows($"SELECT job.id FROM job WHERE {Due} ORDER BY job.seq", [days], reader => reader.GetGuid(0), ct);
        var (jobs, rows) = (0, 0L);
        foreach (var job in due)
        {
            ct.ThrowIfCancellationRequested();
            var gone = dryRun
                ? await connection.Value<long>($"WITH {Buckets} SELECT count(*) FROM doomed", [job, (long)buckets], ct)
                : await Thin(connection, job, days, buckets, ct);
            rows += gone;
            jobs += gone > 0 ? 1 : 0;
        }
        return (jobs, rows);
    }

    static async Task<long> Thin(NpgsqlConnection connection, Guid job, int days, int buckets, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Held against whoever wants to try the job again, and against a second program at the same chore.
        if (!await connection.Value<bool>($"SELECT true FROM job WHERE id = $2 AND {Due} FOR NO KEY UPDATE SKIP LOCKED", [days, job], ct))
            return 0;
        var before = await connection.Value<long>("SELECT count(*) FROM metric WHERE job_id = $1", [job], ct);
        await connection.Execute(
            $"""
            WITH {Buckets}, removed AS (DELETE FROM metric USING doomed WHERE metric.job_id = $1 AND metric.id = doomed.id)
            UPDATE metric SET value = bucket.mean, points = bucket.points, low = bucket.low, high = bucket.high
            FROM bucket WHERE metric.job_id = $1 AND metric.id = bucket.kept AND bucket.points > 1
            """,
            [job, (long)buckets], ct);
        var after = await connection.Value<long>("SELECT count(*) FROM metric WHERE job_id = $1", [job], ct);
        await connection.Execute(
            """
            INSERT INTO metric_thinning (job_id, points_before, points_after) VALUES ($1, $2, $3)
            ON CONFLICT (job_id) DO UPDATE SET at = clock_timestamp(), points_before = excluded.points_before, points_after = excluded.points_after
            """,
            [job, before, after], ct);
        await transaction.CommitAsync(ct);
        return before - after;
    }
}
