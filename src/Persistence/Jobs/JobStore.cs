using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// The life of a job row, and the only place that changes one. Every verb is one guarded transaction: it names the state
/// and, for a worker, the fence it believes in; no row means "you are late", and the caller stops.
/// </summary>
/// <remarks>
/// Time is the database's: leases, waits and the reaper compare <c>clock_timestamp()</c> with columns it wrote itself, so
/// hosts may disagree about the hour. Rows are locked in the order of <c>seq</c>, parents before children, so that no two
/// verbs wait for each other. The history and the wake-ups are written by the row's triggers.
/// </remarks>
/// <param name="database">The pool.</param>
/// <param name="settings">The lease; every program of one service is given the same.</param>
public sealed partial class JobStore(NpgsqlDataSource database, LeaseSettings settings)
{
    readonly Herald herald = new(database);

    /// <summary>Extends the lease and asks whether to go on.</summary>
    /// <returns>Lost also when the lease has run out but nobody has taken the job yet.</returns>
    public async Task<HeartbeatReply> Heartbeat(JobLease lease, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var asked = await connection.Value<string>(
            """
            UPDATE job SET heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + $3
            WHERE id = $1 AND fence = $2 AND state = 'Running' AND lease_until > clock_timestamp()
            RETURNING CASE WHEN cancel_requested_at IS NOT NULL THEN 'cancel' WHEN pause_requested_at IS NOT NULL THEN 'pause' ELSE 'continue' END
            """,
            [lease.JobId, lease.Fence, settings.Lease], ct);
        return asked switch
        {
            null => JobMeter.Late("heartbeat", HeartbeatReply.Lost),
            "cancel" => HeartbeatReply.Cancel,
            "pause" => HeartbeatReply.Pause,
            _ => HeartbeatReply.Continue,
        };
    }

    /// <summary>Stores where the run is and tells who watches; says nothing about the lease's length.</summary>
    /// <returns>False when the lease is gone.</returns>
    public async Task<bool> RecordProgress(JobLease lease, JobProgress progress, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Value<object>(
            """
            WITH before AS (SELECT id, stalled_at FROM job WHERE id = $1 AND fence = $2 AND state = 'Running' FOR NO KEY UPDATE),
            written AS (
                UPDATE job SET progress = $3::jsonb, progress_at = clock_timestamp(), stalled_at = NULL
                FROM before WHERE job.id = before.id
                RETURNING job.id, job.fence, job.worker, before.stalled_at),
            relieved AS (
                INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason)
                SELECT id, 'Running', 'Running', fence, worker, 'makes progress again' FROM written WHERE stalled_at IS NOT NULL)
            SELECT pg_notify('kdr_job', id::text)::text FROM written
            """,
            [lease.JobId, lease.Fence, Json(progress)], ct) is not null || JobMeter.Late("progress", false);
    }

    /// <summary>Writes a remark into a job's history: what a person asked for, or an alarm, where the state stays.</summary>
    static Task<int> Remark(NpgsqlConnection connection, Guid job, string what, CancellationToken ct) =>
        connection.Execute(
            """
            WITH line AS (
                INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason)
                SELECT id, state, state, fence, worker, $2 FROM job WHERE id = $1 RETURNING job_id)
            SELECT pg_notify('kdr_job', job_id::text) FROM line
            """,
            [job, what], ct);

    static string Json<T>(T value) => JsonSerializer.Serialize(value, SpecJson.Options);

    static T FromJson<T>(string text) =>
        JsonSerializer.Deserialize<T>(text, SpecJson.Options) ?? throw new InvalidDataException($"a stored {typeof(T).Name} is null");
}
