using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    // Others may take what was seen first, again and again; the next wake-up comes soon.
    const int ClaimRounds = 3;

    /// <summary>
    /// Takes the ready job whose turn is first among those that fit the offer and no quota holds back; two claimers never
    /// take the same. A worker that drains and a device in quarantine get nothing.
    /// </summary>
    /// <remarks>
    /// Jobs that ask for the same are one lane. The heads of the lanes are looked at, a handful of index probes however many
    /// jobs wait or have ended; then the first of the first fitting lane is taken, unless others have emptied it up to the
    /// next lane's head. Where quotas are set for a kind of device its claims come one at a time, so that what is counted stays true.
    /// </remarks>
    /// <returns>Null when nothing fits.</returns>
    public async Task<ClaimedJob?> TryClaimNext(WorkerOffer offer, CancellationToken ct = default)
    {
        for (var round = 0; round < ClaimRounds;)
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var heads = await LaneHeads(connection, offer, ct);
            if (heads.Count > 0 && heads[0].Quotas)
            {
                await connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || $1, 0))", [Stored(offer.Device)], ct);
                heads = await LaneHeads(connection, offer, ct);
            }
            if (heads.Count == 0)
                return null;
            ClaimedRow? row = null;
            for (var i = 0; row is null && i < heads.Count; i++)
                row = await Take(connection, offer, heads[i].Lane, i + 1 < heads.Count ? heads[i + 1].Turn : null, ct);
            if (row is null)
            {
                round++;
                continue;
            }

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
            return new ClaimedJob(lease, row.Attempt, row.Name, payload, inputs, resume, settings.Lease) { MicroBatch = row.MicroBatch };
        }
        return null;
    }

    sealed record LaneHead(Guid Lane, DateTimeOffset? Turn, bool Quotas);

    sealed record ClaimedRow(Guid Id, long Fence, int Attempt, string Name, string Payload, int? MicroBatch);

    /// <summary>The lanes that fit an offer, by the turn of their first ready job.</summary>
    static Task<List<LaneHead>> LaneHeads(NpgsqlConnection connection, WorkerOffer offer, CancellationToken ct) =>
        connection.Rows(
            """
            WITH RECURSIVE lanes(id) AS (
                (SELECT lane FROM job WHERE state = 'Queued' AND device = $1 ORDER BY lane LIMIT 1)
                UNION ALL
                SELECT (SELECT job.lane FROM job WHERE job.state = 'Queued' AND job.device = $1 AND job.lane > lanes.id ORDER BY job.lane LIMIT 1)
                FROM lanes WHERE lanes.id IS NOT NULL)
            SELECT head.lane, head.turn, EXISTS (SELECT 1 FROM quota WHERE quota.device = $1)
            FROM lanes CROSS JOIN LATERAL (
                SELECT job.* FROM job
                WHERE job.state = 'Queued' AND job.device = $1 AND job.lane = lanes.id AND job.not_before <= clock_timestamp()
                ORDER BY job.turn, job.seq LIMIT 1) head
            WHERE head.threads <= $2 AND head.labels <@ $3 AND ($4::int IS NULL OR head.gpu_memory_gib * 1024 <= $4)
                AND EXISTS (SELECT 1 FROM unnest($5::text[], $6::int[]) AS known(kind, version) WHERE known.kind = head.kind AND known.version = head.results_version)
                AND NOT EXISTS (
                    SELECT 1 FROM quota WHERE quota.device = $1 AND quota.owner IN ('', head.owner) AND quota.most_running <= (
                        SELECT count(*) FROM job busy WHERE busy.state = 'Running' AND busy.device = $1 AND (quota.owner = '' OR busy.owner = quota.owner)))
                AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.name = $7 AND worker.drain_requested_at IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM device_health health WHERE health.host = $8 AND health.device = $9 AND health.quarantined_at IS NOT NULL)
            ORDER BY head.turn, head.seq
            """,
            [
                Stored(offer.Device), offer.Threads, offer.Labels.ToArray(), offer.FreeGpuMemoryMiB, offer.Kinds.Keys.ToArray(), offer.Kinds.Values.ToArray(),
                offer.Worker, offer.On?.Host ?? "", offer.On?.Device ?? "",
            ],
            reader => new LaneHead(reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetBoolean(2)), ct);

    /// <summary>The first ready job of a lane that nobody is taking, if its turn is not after <paramref name="until"/>.</summary>
    async Task<ClaimedRow?> Take(NpgsqlConnection connection, WorkerOffer offer, Guid lane, DateTimeOffset? until, CancellationToken ct) =>
        (await connection.Rows(
            """
            WITH next AS (
                SELECT id FROM job
                WHERE state = 'Queued' AND device = $2 AND lane = $3 AND not_before <= clock_timestamp() AND turn <= coalesce($4::timestamptz, 'infinity')
                ORDER BY turn, seq
                LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE job SET state = 'Running', reason = 'claimed', fence = fence + 1, attempt = attempt + 1, worker = $1,
                lease_until = clock_timestamp() + $5, heartbeat_at = clock_timestamp(), progress = NULL, progress_at = clock_timestamp(),
                started_at = coalesce(started_at, clock_timestamp())
            FROM next WHERE job.id = next.id
            RETURNING job.id, job.fence, job.attempt, job.name, job.payload::text, job.micro_batch
            """,
            [offer.Worker, Stored(offer.Device), lane, until, settings.Lease],
            reader => new ClaimedRow(
                reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetInt32(5)),
            ct)).SingleOrDefault();

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
