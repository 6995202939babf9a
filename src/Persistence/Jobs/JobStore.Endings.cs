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
    /// Reports a failure. Weather is tried again after a growing wait while attempts are left; a crash while there were
    /// fewer than three since the last resume point; the same input's failure never. Failing for good cancels what waits for it.
    /// </summary>
    public async Task<FailOutcome> Fail(JobLease lease, JobFailure failure, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var row = (await connection.Rows(
            "SELECT attempt, max_attempts, crash_count, cancel_requested_by FROM job WHERE id = $1 AND fence = $2 AND state = 'Running' FOR UPDATE",
            [lease.JobId, lease.Fence],
            reader => new { Attempt = reader.GetInt32(0), MaxAttempts = reader.GetInt32(1), Crashes = reader.GetInt32(2), CancelledBy = reader.Text(3) }, ct)).SingleOrDefault();
        if (row is null)
        {
            return await EndedUnder(connection, lease, ct) switch
            {
                "Queued" => FailOutcome.WillRetry,
                "Failed" or "Cancelled" => FailOutcome.Final,
                _ => JobMeter.Late("fail", FailOutcome.Lost),
            };
        }

        var outcome = FailOutcome.Final;
        if (row.CancelledBy is not null)
        {
            await End(connection, lease, "Cancelled", $"cancelled by {row.CancelledBy}", null, ct);
        }
        else if (failure.Kind switch
        {
            FailureKind.Transient => row.Attempt < row.MaxAttempts,
            FailureKind.Crash => row.Crashes + 1 < RetryPolicy.MaxCrashes,
            _ => false,
        })
        {
            await connection.Execute(
                """
                UPDATE job SET state = 'Queued', reason = $2, worker = NULL, lease_until = NULL, progress = NULL, failure = $3::jsonb,
                    crash_count = crash_count + $4, not_before = clock_timestamp() + $5 * (0.5 + random() / 2)
                WHERE id = $1
                """,
                [lease.JobId, $"will be tried again: {failure.Message}", Json(failure), failure.Kind == FailureKind.Crash ? 1 : 0, RetryPolicy.Delay(row.Attempt)], ct);
            outcome = FailOutcome.WillRetry;
        }
        else
        {
            var times = failure.Kind == FailureKind.Crash ? $" ({row.Crashes + 1} times without a new resume point in between)" : "";
            var final = failure with { Message = failure.Message + times };
            await End(connection, lease, "Failed", final.Message, Json(final), ct);
        }
        await transaction.CommitAsync(ct);
        return outcome;
    }

    /// <summary>
    /// Gives the job back: Cancelled when cancellation was asked for, else to the queue without losing an attempt. A
    /// cancellation that was withdrawn in the meantime (another submission needs the job) also sends it to the queue.
    /// </summary>
    /// <returns>False when the lease was gone.</returns>
    public async Task<bool> Release(JobLease lease, ReleaseReason why, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var state = await connection.Value<string>(
            """
            UPDATE job SET lease_until = NULL, progress = NULL,
                state = CASE WHEN cancel_requested_at IS NULL THEN 'Queued' ELSE 'Cancelled' END,
                reason = CASE WHEN cancel_requested_at IS NULL THEN $3 ELSE 'cancelled by ' || cancel_requested_by END,
                finished_at = CASE WHEN cancel_requested_at IS NULL THEN NULL ELSE clock_timestamp() END,
                attempt = CASE WHEN cancel_requested_at IS NULL THEN attempt - 1 ELSE attempt END,
                worker = CASE WHEN cancel_requested_at IS NULL THEN NULL ELSE worker END,
                not_before = clock_timestamp()
            WHERE id = $1 AND fence = $2 AND state = 'Running'
            RETURNING state
            """,
            [lease.JobId, lease.Fence, why == ReleaseReason.Drained ? "given back: the worker shuts down" : "given back: the cancellation was withdrawn"], ct);
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
                state = CASE WHEN deps_left = 1 THEN 'Queued' ELSE 'Blocked' END,
                reason = CASE WHEN deps_left = 1 THEN 'every job it waited for succeeded' ELSE reason END
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
            UPDATE job SET state = 'Cancelled', finished_at = clock_timestamp(),
                reason = (SELECT '''' || name || ''' ' || lower(state) || ': ' || reason FROM job WHERE id = $1)
            FROM waiting WHERE job.id = waiting.id
            """,
            [ended], ct);

    /// <summary>The state this very claim left the job in; null when somebody else has moved it on.</summary>
    static Task<string?> EndedUnder(NpgsqlConnection connection, JobLease lease, CancellationToken ct) =>
        connection.Value<string>("SELECT state FROM job WHERE id = $1 AND fence = $2 AND state <> 'Running'", [lease.JobId, lease.Fence], ct);
}
