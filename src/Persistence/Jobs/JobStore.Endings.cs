using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>What became of a reported result.</summary>
public enum CompleteOutcome
{
    /// <summary>Stored; what waited for it is free.</summary>
    Succeeded,
    /// <summary>Cancellation was asked for before: it wins.</summary>
    Cancelled,
    /// <summary>The lease was gone; nothing was written.</summary>
    Lost,
}

/// <summary>
/// How a claim ends. Each verb may be repeated after a connection broke in the middle: a job that is no longer Running
/// under the same fence was ended by this very claim, and the repetition gets the same answer.
/// </summary>
public sealed partial class JobStore
{
    /// <summary>Stores the result and frees the jobs that wait for it, in one transaction.</summary>
    public async Task<CompleteOutcome> Complete(JobLease lease, JobResult result, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var state = await connection.Value<string>(
            """
            UPDATE job SET lease_until = NULL, finished_at = clock_timestamp(),
                state = CASE WHEN cancel_requested_at IS NULL THEN 'Succeeded' ELSE 'Cancelled' END,
                reason = CASE WHEN cancel_requested_at IS NULL THEN 'completed' ELSE 'cancelled by ' || cancel_requested_by END,
                result = CASE WHEN cancel_requested_at IS NULL THEN $3::jsonb END
            WHERE id = $1 AND fence = $2 AND state = 'Running'
            RETURNING state
            """,
            [lease.JobId, lease.Fence, Json(result)], ct);
        if (state == "Succeeded")
            await FreeChildren(connection, lease.JobId, ct);
        else if (state == "Cancelled")
            await CancelDescendants(connection, lease.JobId, ct);
        await transaction.CommitAsync(ct);
        return (state ?? await EndedUnder(connection, lease, ct)) switch
        {
            "Succeeded" => CompleteOutcome.Succeeded,
            "Cancelled" => CompleteOutcome.Cancelled,
            _ => JobMeter.Late("complete", CompleteOutcome.Lost),
        };
    }

    /// <summary>
    /// Gives the job back: Cancelled when cancellation was asked for, Paused when a pause was, else to the queue; without losing
    /// an attempt. What was asked for and withdrawn in the meantime also sends it to the queue.
    /// </summary>
    /// <returns>False when the lease was gone.</returns>
    public async Task<bool> Release(JobLease lease, ReleaseReason why, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var state = await connection.Value<string>(
            """
            WITH asked AS (
                SELECT id, CASE WHEN cancel_requested_at IS NOT NULL THEN 'Cancelled' WHEN pause_requested_at IS NOT NULL THEN 'Paused' ELSE 'Queued' END AS state
                FROM job WHERE id = $1 AND fence = $2 AND state = 'Running' FOR UPDATE)
            UPDATE job SET lease_until = NULL, progress = NULL, state = asked.state,
                reason = CASE asked.state WHEN 'Queued' THEN $3 WHEN 'Paused' THEN 'paused by ' || pause_requested_by ELSE 'cancelled by ' || cancel_requested_by END,
                finished_at = CASE WHEN asked.state = 'Cancelled' THEN clock_timestamp() END,
                attempt = CASE WHEN asked.state = 'Cancelled' THEN attempt ELSE attempt - 1 END,
                worker = CASE WHEN asked.state = 'Cancelled' THEN worker END,
                not_before = clock_timestamp()
            FROM asked WHERE job.id = asked.id
            RETURNING job.state
            """,
            [lease.JobId, lease.Fence, why switch
            {
                ReleaseReason.Drained => "given back: the worker takes no more work",
                ReleaseReason.NoRoom => "given back: the worker has no room for its files",
                ReleaseReason.Paused => "given back: the pause was withdrawn",
                _ => "given back: the cancellation was withdrawn",
            }], ct);
        if (state == "Cancelled")
            await CancelDescendants(connection, lease.JobId, ct);
        await transaction.CommitAsync(ct);
        return (state ?? await EndedUnder(connection, lease, ct)) is not null || JobMeter.Late("release", false);
    }

    /// <summary>Failed or Cancelled, with everything that waits for it.</summary>
    static async Task End(NpgsqlConnection connection, JobLease lease, string state, string reason, string? failure, CancellationToken ct)
    {
        await connection.Execute(
            "UPDATE job SET state = $3, reason = $4, failure = coalesce($5::jsonb, failure), lease_until = NULL, finished_at = clock_timestamp() WHERE id = $1 AND fence = $2 AND state = 'Running'",
            [lease.JobId, lease.Fence, state, reason, failure], ct);
        await CancelDescendants(connection, lease.JobId, ct);
    }

    static Task FreeChildren(NpgsqlConnection connection, Guid parent, CancellationToken ct) =>
        connection.Execute(
            """
            WITH child AS (
                SELECT id FROM job
                WHERE id IN (SELECT job_id FROM job_dependency WHERE parent_id = $1) AND state = 'Blocked'
                ORDER BY seq FOR UPDATE)
            UPDATE job SET deps_left = deps_left - 1, not_before = clock_timestamp(),
                state = CASE WHEN deps_left > 1 THEN 'Blocked' WHEN pause_requested_at IS NULL THEN 'Queued' ELSE 'Paused' END,
                reason = CASE WHEN deps_left > 1 THEN reason WHEN pause_requested_at IS NULL THEN 'every job it waited for succeeded'
                    ELSE 'paused by ' || pause_requested_by || ' before every job it waited for had succeeded' END
            FROM child WHERE job.id = child.id
            """,
            [parent], ct);

    // Whatever descends from a job that did not succeed is still Blocked.
    internal static Task CancelDescendants(NpgsqlConnection connection, Guid ended, CancellationToken ct) =>
        connection.Execute(
            """
            WITH RECURSIVE below(id) AS (
                SELECT job_id FROM job_dependency WHERE parent_id = $1
                UNION SELECT edge.job_id FROM job_dependency edge JOIN below ON edge.parent_id = below.id),
            waiting AS (SELECT id FROM job WHERE id IN (SELECT id FROM below) AND state = 'Blocked' ORDER BY seq FOR UPDATE)
            UPDATE job SET state = 'Cancelled', finished_at = clock_timestamp(), upstream_job_id = $1,
                reason = (SELECT '''' || name || ''' ' || lower(state) || ': ' || reason FROM job WHERE id = $1)
            FROM waiting WHERE job.id = waiting.id
            """,
            [ended], ct);

    /// <summary>The state this very claim left the job in; null when somebody else has moved it on.</summary>
    static Task<string?> EndedUnder(NpgsqlConnection connection, JobLease lease, CancellationToken ct) =>
        connection.Value<string>("SELECT state FROM job WHERE id = $1 AND fence = $2 AND state <> 'Running'", [lease.JobId, lease.Fence], ct);
}
