using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// The reaper: the only one who decides that a worker is dead. It trusts nothing but the database's clock; any number of
/// programs may run it, one at a time does.
/// </summary>
/// <remarks>
/// A lease that ran out may mean a dead worker, a halted one, or a database that was away. For the last case it waits one
/// lease after a start of the server, in which living workers' heartbeats come back first. Taking a job away raises its
/// fence at once, so whatever the old worker still sends is refused even before somebody claims the job.
/// </remarks>
public sealed partial class JobStore
{
    // "reaper" as bytes.
    const long SweepLock = 0x726561706572;

    /// <summary>Takes every job away whose lease ran out: Cancelled if that was asked for, Paused if that was, Failed at the third death without a new resume point, else to the queue. Then raises the alarm about running jobs without progress.</summary>
    public async Task<SweepReport> Sweep(CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        var report = new SweepReport(0, 0, 0);
        if (!await connection.Value<bool>("SELECT clock_timestamp() > pg_postmaster_start_time() + $1", [settings.Lease], ct))
            return report;
        while (await TakeOne(connection, ct) is { } state)
        {
            report = state switch
            {
                "Queued" => report with { Requeued = report.Requeued + 1 },
                "Failed" => report with { Failed = report.Failed + 1 },
                "Paused" => report with { Paused = report.Paused + 1 },
                _ => report with { Cancelled = report.Cancelled + 1 },
            };
        }
        return report with { Stalled = await RaiseAlarms(connection, ct) };
    }

    /// <summary>Marks running jobs whose last progress is older than their kind may be silent; nothing is taken from anybody.</summary>
    static async Task<int> RaiseAlarms(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.Rows(
            """
            WITH limits AS (SELECT * FROM unnest($1::text[], $2::interval[]) AS known(kind, silence)),
            silent AS (
                SELECT id, progress_at FROM job
                WHERE state = 'Running' AND stalled_at IS NULL AND progress_at < clock_timestamp() - coalesce((SELECT silence FROM limits WHERE limits.kind = job.kind), $3)
                ORDER BY seq FOR NO KEY UPDATE SKIP LOCKED),
            marked AS (UPDATE job SET stalled_at = clock_timestamp() FROM silent WHERE job.id = silent.id RETURNING job.id, job.fence, job.worker, silent.progress_at),
            lines AS (
                INSERT INTO job_event (job_id, from_state, to_state, fence, worker, reason)
                SELECT id, 'Running', 'Running', fence, worker, 'alarm: no progress for ' || ceil(extract(epoch FROM clock_timestamp() - progress_at) / 60) || ' min; it runs on' FROM marked)
            SELECT pg_notify('kdr_job', id::text) FROM marked
            """,
            [StallLimits.ByKind.Keys.ToArray(), StallLimits.ByKind.Values.ToArray(), StallLimits.Otherwise], reader => reader.FieldCount, ct)).Count;

    /// <summary>Takes one job away in a transaction of its own, so that its descendants are locked after it and before no other.</summary>
    /// <returns>Its new state; null when no lease has run out, or another reaper is at it.</returns>
    static async Task<string?> TakeOne(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Held by the transaction, not the session: the server ends the transaction of a reaper that is itself halted.
        if (!await connection.Value<bool>("SELECT pg_try_advisory_xact_lock($1)", [SweepLock], ct))
            return null;
        var taken = await connection.Rows(
            """
            WITH expired AS (
                SELECT id, worker, cancel_requested_at, pause_requested_at, crash_count, heartbeat_at FROM job
                WHERE state = 'Running' AND lease_until < clock_timestamp()
                ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED),
            verdict AS (
                SELECT id,
                    CASE WHEN cancel_requested_at IS NOT NULL THEN 'Cancelled' WHEN pause_requested_at IS NOT NULL THEN 'Paused'
                        WHEN crash_count + 1 >= $1 THEN 'Failed' ELSE 'Queued' END AS state,
                    'worker ' || worker || ' was not heard of for ' || round(extract(epoch FROM clock_timestamp() - heartbeat_at)::numeric, 1) || ' s' AS why
                FROM expired)
            UPDATE job SET state = verdict.state, fence = fence + 1, crash_count = crash_count + 1, lease_until = NULL, progress = NULL,
                worker = CASE WHEN verdict.state IN ('Queued', 'Paused') THEN NULL ELSE worker END,
                not_before = clock_timestamp(),
                finished_at = CASE WHEN verdict.state IN ('Queued', 'Paused') THEN NULL ELSE clock_timestamp() END,
                reason = CASE verdict.state WHEN 'Cancelled' THEN 'cancelled by ' || cancel_requested_by
                    WHEN 'Paused' THEN 'paused by ' || pause_requested_by || '; ' || verdict.why ELSE verdict.why END,
                failure = CASE WHEN verdict.state = 'Cancelled' THEN failure
                    ELSE jsonb_build_object('kind', 'crash', 'message', verdict.why, 'detail', '') END
            FROM verdict WHERE job.id = verdict.id
            RETURNING job.id, job.state
            """,
            [RetryPolicy.MaxCrashes], reader => (Id: reader.GetGuid(0), State: reader.GetString(1)), ct);
        if (taken.Count == 0)
            return null;
        if (taken[0].State is "Failed" or "Cancelled")
            await CancelDescendants(connection, taken[0].Id, ct);
        await transaction.CommitAsync(ct);
        return taken[0].State;
    }
}
