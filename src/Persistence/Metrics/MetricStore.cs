using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;
using NpgsqlTypes;

namespace KdRobust.Persistence.Metrics;

/// <summary>A stored metric.</summary>
/// <param name="Id">The cursor: grows along the stream of one job.</param>
/// <param name="Attempt">The attempt that measured it; where two say something about one step of a series, the later counts.</param>
/// <param name="Point">The number.</param>
/// <param name="Bucket">The points it is the mean of; null for a number as it was measured.</param>
public sealed record StoredMetric(long Id, int Attempt, MetricPoint Point, MetricBucket? Bucket = null);

/// <summary>Points of one epoch that retention has put together.</summary>
/// <param name="Points">How many.</param>
/// <param name="Low">The lowest.</param>
/// <param name="High">The highest.</param>
public sealed record MetricBucket(int Points, double Low, double High);

/// <summary>Numbers over time: appended under a lease by binary COPY, exactly once per claim.</summary>
public sealed class MetricStore(NpgsqlDataSource database)
{
    /// <summary>
    /// Appends points in the order of their ordinals. Points this claim has stored already are skipped, so a batch may be
    /// sent again after a connection broke.
    /// </summary>
    /// <returns>False when the lease is gone; nothing was written then.</returns>
    public async Task<bool> Append(JobLease lease, IReadOnlyList<MetricPoint> points, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (!await Append(connection, lease, points, ct))
            return JobMeter.Late("metrics", false);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>The metrics of a job after a cursor, oldest first.</summary>
    /// <param name="job">The job.</param>
    /// <param name="after">Id of the last one known; 0 for the beginning.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public Task<IReadOnlyList<StoredMetric>> Read(Guid job, long after, int limit, CancellationToken ct = default) =>
        database.Ask<IReadOnlyList<StoredMetric>>(async connection => await connection.Rows(After, [job, after, limit], ReadMetric, ct), ct);

    /// <summary>The metrics of job $1 after cursor $2, at most $3; none when the cursor is null.</summary>
    internal const string After =
        "SELECT id, attempt, ordinal, series, epoch, step, value, points, low, high FROM metric WHERE job_id = $1 AND id > $2::bigint ORDER BY id LIMIT $3";

    internal static StoredMetric ReadMetric(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetInt32(1), new MetricPoint(reader.GetInt64(2), reader.GetString(3), reader.GetInt32(4), reader.GetInt64(5), reader.GetDouble(6)),
        reader.IsDBNull(7) ? null : new MetricBucket(reader.GetInt32(7), reader.GetDouble(8), reader.GetDouble(9)));

    /// <summary>
    /// What a job measured: by series, in the order of steps; where several claims measured one step, the newest's number.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<MetricPoint>>> Series(Guid job, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var points = await connection.Rows(
            """
            SELECT DISTINCT ON (series, epoch, step) ordinal, series, epoch, step, value FROM metric
            WHERE job_id = $1 ORDER BY series, epoch, step, fence DESC, ordinal DESC
            """,
            [job], reader => new MetricPoint(reader.GetInt64(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetDouble(4)), ct);
        return points.GroupBy(point => point.Series, StringComparer.Ordinal)
            .ToDictionary(series => series.Key, series => (IReadOnlyList<MetricPoint>)[.. series], StringComparer.Ordinal);
    }

    /// <summary>
    /// The same inside somebody's transaction, which holds the job's row from here to its end. The row is not locked before the
    /// numbers are there: a writer that is halted, or cut off, in the middle of a COPY would keep it from the reaper for as
    /// long as its connection lasts, and no time limit of the server applies to a COPY that waits for its client.
    /// </summary>
    internal static async Task<bool> Append(NpgsqlConnection connection, JobLease lease, IReadOnlyList<MetricPoint> points, CancellationToken ct)
    {
        if (points.Count > 0 && !await Copy(connection, lease, points, ct))
            return false;
        // What was copied counts only if the claim still holds now; else the caller's transaction ends without it.
        return await connection.Value<string>(
            """
            WITH held AS (SELECT id FROM job WHERE id = $1 AND fence = $2 AND state = 'Running' FOR NO KEY UPDATE)
            SELECT CASE WHEN $3 THEN pg_notify('kdr_job', id::text)::text ELSE '' END FROM held
            """,
            [lease.JobId, lease.Fence, points.Count > 0], ct) is not null;
    }

    /// <returns>False when the lease is gone already.</returns>
    static async Task<bool> Copy(NpgsqlConnection connection, JobLease lease, IReadOnlyList<MetricPoint> points, CancellationToken ct)
    {
        await using var look = await connection.Together(
            ct,
            // One writer a claim. Nobody else waits for this lock.
            ("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))", [lease.JobId.ToString(), lease.Fence]),
            ("SELECT attempt FROM job WHERE id = $1 AND fence = $2 AND state = 'Running'", [lease.JobId, lease.Fence]),
            // The rows of a claim are the job's last ones: only its first append looks further.
            ("SELECT ordinal FROM metric WHERE job_id = $1 AND fence = $2 ORDER BY id DESC LIMIT 1", [lease.JobId, lease.Fence]));
        int? held;
        long stored;
        await using (var reader = await look.ExecuteReaderAsync(ct))
        {
            await reader.Rows(_ => true, ct);
            held = (await reader.Rows(row => (int?)row.GetInt32(0), ct)).SingleOrDefault();
            stored = (await reader.Rows(row => row.GetInt64(0), ct)).SingleOrDefault(-1);
        }
        if (held is not { } attempt)
            return false;
        var last = stored;
        await using var copy = await connection.BeginBinaryImportAsync(
            "COPY metric (job_id, fence, attempt, ordinal, series, epoch, step, value) FROM STDIN (FORMAT BINARY)", ct);
        foreach (var point in points)
        {
            if (point.Ordinal <= stored)
                continue;
            if (point.Ordinal <= last)
                throw new ArgumentException($"metrics come in the order of their ordinals: {point.Ordinal} after {last}", nameof(points));
            last = point.Ordinal;
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(lease.JobId, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(lease.Fence, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(attempt, NpgsqlDbType.Integer, ct);
            await copy.WriteAsync(point.Ordinal, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(point.Series, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(point.Epoch, NpgsqlDbType.Integer, ct);
            await copy.WriteAsync(point.Step, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(point.Value, NpgsqlDbType.Double, ct);
        }
        await copy.CompleteAsync(ct);
        return true;
    }
}
