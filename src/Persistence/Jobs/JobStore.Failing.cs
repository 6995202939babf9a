using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    /// <summary>
    /// Reports a failure. Weather is tried again after a growing wait while attempts are left; a crash, and a fault of the
    /// device, while there were fewer than three since the last resume point; a training that ran out of memory at once, in
    /// passes of half as many images, down to one; the same input's failure never. A job that would be tried again and that
    /// somebody asked to pause is paused. Failing for good cancels what waits for it.
    /// </summary>
    public async Task<FailOutcome> Fail(JobLease lease, JobFailure failure, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Failing(connection, lease, ct) is not { } job)
        {
            return await EndedUnder(connection, lease, ct) switch
            {
                "Queued" or "Paused" => FailOutcome.WillRetry,
                "Failed" or "Cancelled" => FailOutcome.Final,
                _ => FailOutcome.Lost,
            };
        }

        var outcome = FailOutcome.Final;
        if (job.CancelledBy is not null)
        {
            await End(connection, lease, "Cancelled", $"cancelled by {job.CancelledBy}", null, ct);
        }
        else if (failure.Kind == FailureKind.OutOfMemory && job.MicroBatch is > 1 and var images)
        {
            // Not the attempt's fault: it asked for more than there is, and asks for less from now on.
            var smaller = failure with { Message = $"{failure.Message} in passes of {images} images: tried again in passes of {images / 2}" };
            await TryAgain(connection, lease, job.PausedBy, smaller.Message, Json(smaller), TimeSpan.Zero, crashes: 0, attempts: -1, images / 2, ct);
            outcome = FailOutcome.WillRetry;
        }
        else if (failure.Kind switch
        {
            FailureKind.Transient => job.Attempt < job.MaxAttempts,
            FailureKind.Permanent => false,
            _ => job.Crashes + 1 < RetryPolicy.MaxCrashes,
        })
        {
            await TryAgain(
                connection, lease, job.PausedBy, $"will be tried again: {failure.Message}", Json(failure), RetryPolicy.Delay(job.Attempt),
                crashes: failure.Kind == FailureKind.Transient ? 0 : 1, attempts: 0, null, ct);
            outcome = FailOutcome.WillRetry;
        }
        else
        {
            var times = failure.Kind is FailureKind.Transient or FailureKind.Permanent ? "" : $" ({job.Crashes + 1} times without a new resume point in between)";
            var final = failure with { Message = failure.Message + times };
            await End(connection, lease, "Failed", final.Message, Json(final), ct);
        }
        await transaction.CommitAsync(ct);
        return outcome;
    }

    // MicroBatch: images of a training's pass now; null where there are no passes to make smaller.
    sealed record FailingJob(int Attempt, int MaxAttempts, int Crashes, string? CancelledBy, string? PausedBy, int? MicroBatch);

    static async Task<FailingJob?> Failing(NpgsqlConnection connection, JobLease lease, CancellationToken ct) =>
        (await connection.Rows(
            """
            SELECT attempt, max_attempts, crash_count, cancel_requested_by, pause_requested_by,
                coalesce(micro_batch, CASE WHEN kind = 'train' THEN (payload -> 'training' ->> 'microBatch')::int END)
            FROM job WHERE id = $1 AND fence = $2 AND state = 'Running' FOR UPDATE
            """,
            [lease.JobId, lease.Fence],
            reader => new FailingJob(
                reader.GetInt32(0), reader.GetInt32(1), reader.GetInt32(2), reader.Text(3), reader.Text(4), reader.IsDBNull(5) ? null : reader.GetInt32(5)),
            ct)).SingleOrDefault();

    /// <summary>Back to the queue, or Paused when somebody asked for that; the wait is spread by a factor in [0.5, 1).</summary>
    static Task<int> TryAgain(
        NpgsqlConnection connection, JobLease lease, string? pausedBy, string reason, string failure, TimeSpan wait, int crashes, int attempts, int? microBatch, CancellationToken ct) =>
        connection.Execute(
            """
            UPDATE job SET state = CASE WHEN $8::text IS NULL THEN 'Queued' ELSE 'Paused' END,
                reason = $2 || coalesce('; paused by ' || $8::text, ''), worker = NULL, lease_until = NULL, progress = NULL, failure = $3::jsonb,
                crash_count = crash_count + $4, attempt = attempt + $5, micro_batch = coalesce($6, micro_batch),
                not_before = clock_timestamp() + $7 * (0.5 + random() / 2)
            WHERE id = $1
            """,
            [lease.JobId, reason, failure, crashes, attempts, microBatch, wait, pausedBy], ct);
}
