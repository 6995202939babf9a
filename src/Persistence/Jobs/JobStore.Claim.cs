using System.Diagnostics;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    /// <summary>Takes the ready job of the highest priority, oldest first, that fits the offer; two claimers never take the same.</summary>
    /// <returns>Null when nothing fits.</returns>
    public async Task<ClaimedJob?> TryClaimNext(WorkerOffer offer, CancellationToken ct = default)
    {
        while (true)
        {
            var asked = Stopwatch.GetTimestamp();
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var row = (await connection.Rows(
                """
                WITH next AS (
                    SELECT id FROM job
                    WHERE state = 'Queued' AND not_before <= clock_timestamp() AND threads <= $2 AND device = $3
                    ORDER BY priority DESC, seq
                    LIMIT 1 FOR UPDATE SKIP LOCKED)
                UPDATE job SET state = 'Running', reason = 'claimed', fence = fence + 1, attempt = attempt + 1, worker = $1,
                    lease_until = clock_timestamp() + $4, heartbeat_at = clock_timestamp(), progress = NULL, progress_at = NULL,
                    started_at = coalesce(started_at, clock_timestamp())
                FROM next WHERE job.id = next.id
                RETURNING job.id, job.fence, job.attempt, job.name, job.payload::text, job.trace_parent, extract(epoch FROM clock_timestamp() - job.not_before)::float8
                """,
                [offer.Worker, offer.Threads, Stored(offer.Device), settings.Lease],
                reader => new { Id = reader.GetGuid(0), Fence = reader.GetInt64(1), Attempt = reader.GetInt32(2), Name = reader.GetString(3), Payload = reader.GetString(4), TraceParent = reader.Text(5), Waited = reader.GetDouble(6) },
                ct)).SingleOrDefault();
            if (row is null)
                return null;

            var lease = new JobLease(row.Id, row.Fence, offer.Worker);
            var (inputs, missing) = await Inputs(connection, row.Id, ct);
            JobPayload? payload = null;
            if (missing is null)
                payload = Payload(row.Payload, out missing);
            if (payload is null)
            {
                await End(connection, lease, "Failed", missing!, Json(new JobFailure(FailureKind.Permanent, missing!, "")), ct);
                await transaction.CommitAsync(ct);
                continue;
            }
            var resume = await CheckpointStore.LatestResume(connection, row.Id, ct);
            await transaction.CommitAsync(ct);
            JobMeter.Claimed(payload.KindName, Stopwatch.GetElapsedTime(asked), row.Waited);
            return new ClaimedJob(lease, row.Attempt, row.Name, payload, inputs, resume, settings.Lease) { TraceParent = row.TraceParent };
        }
    }

    /// <summary>The newest undamaged outputs a job takes, by role; or what is missing, in words.</summary>
    static async Task<(IReadOnlyDictionary<string, CheckpointInfo> Inputs, string? Missing)> Inputs(NpgsqlConnection connection, Guid job, CancellationToken ct)
    {
        var rows = await connection.Rows(
            $"""
            SELECT edge.role, edge.output, parent.name, {CheckpointStore.InfoColumns}
            FROM job_dependency edge
            JOIN job parent ON parent.id = edge.parent_id
            LEFT JOIN LATERAL (
                SELECT * FROM checkpoint WHERE job_id = edge.parent_id AND role = 'Output' AND name = edge.output AND damaged_at IS NULL
                ORDER BY seq DESC LIMIT 1) checkpoint ON true
            WHERE edge.job_id = $1 ORDER BY edge.role
            """,
            [job],
            reader => (Role: reader.GetString(0), Output: reader.GetString(1), Parent: reader.GetString(2), Info: reader.IsDBNull(3) ? null : CheckpointStore.ReadInfo(reader, 3)),
            ct);
        foreach (var input in rows)
        {
            if (input.Info is null)
                return (new Dictionary<string, CheckpointInfo>(StringComparer.Ordinal), $"input {input.Role}: the output '{input.Output}' of '{input.Parent}' is missing or damaged; compute it anew with --again");
        }
        return (rows.ToDictionary(input => input.Role, input => input.Info!, StringComparer.Ordinal), null);
    }

    static JobPayload? Payload(string text, out string? problem)
    {
        try
        {
            problem = null;
            return FromJson<JobPayload>(text);
        }
        catch (JsonException error)
        {
            problem = $"this build cannot read the job, which another version stored: {error.Message}";
            return null;
        }
    }

    internal static string Stored(DeviceKind device) => device == DeviceKind.Cuda ? "cuda" : "cpu";
}
