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
    // Others may take what was seen first, again and again; the next wake-up comes soon.
    const int ClaimRounds = 3;

    // As many claimers at once find a job of a lane without looking again.
    const int SeenOfLane = 8;

    /// <summary>
    /// Takes the ready job whose turn is first among those that fit the offer and no quota holds back; two claimers never
    /// take the same. A worker that drains and a device in quarantine get nothing.
    /// </summary>
    /// <remarks>
    /// Jobs that ask for the same are one lane. The first few of each fitting lane are looked at, a handful of index probes
    /// however many jobs wait or have ended; of these the first that nobody else is taking is taken. Where
    /// quotas are set for a kind of device its claims come one at a time, so that what is counted stays true.
    /// </remarks>
    /// <returns>Null when nothing fits.</returns>
    public Task<ClaimedJob?> TryClaimNext(WorkerOffer offer, CancellationToken ct = default) => Claim(offer, FirstOfLanes, ct);

    /// <summary>Takes one job by its id under the rules of <see cref="TryClaimNext"/>, whoever's turn it is.</summary>
    /// <returns>Null when it is not ready, does not fit the offer, or a quota holds it back; also when others are at it.</returns>
    public Task<ClaimedJob?> TryClaim(Guid job, WorkerOffer offer, CancellationToken ct = default) =>
        Claim(offer, (connection, asked, token) => Named(connection, job, asked, token), ct);

    async Task<ClaimedJob?> Claim(WorkerOffer offer, Func<NpgsqlConnection, WorkerOffer, CancellationToken, Task<List<ReadyJob>>> look, CancellationToken ct)
    {
        for (var round = 0; round < ClaimRounds;)
        {
            var asked = Stopwatch.GetTimestamp();
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            var seen = await look(connection, offer, ct);
            if (seen.Count > 0 && seen[0].Quotas)
            {
                await connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || $1, 0))", [Stored(offer.Device)], ct);
                seen = await look(connection, offer, ct);
            }
            if (seen.Count == 0)
                return null;
            var row = await Take(connection, offer, InTurn(seen), ct);
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
            JobMeter.Claimed(payload.KindName, Stopwatch.GetElapsedTime(asked), row.Waited);
            return new ClaimedJob(lease, row.Attempt, row.Name, payload, inputs, resume, settings.Lease) { MicroBatch = row.MicroBatch, TraceParent = row.TraceParent };
        }
        return null;
    }

    sealed record ReadyJob(Guid Id, Guid Lane, DateTimeOffset Turn, bool Quotas);

    sealed record ClaimedRow(Guid Id, long Fence, int Attempt, string Name, string Payload, int? MicroBatch, string? TraceParent, double Waited);

    /// <summary>Whether jobs that ask for the same as <c>head</c> may be given to an offer, whose parameters are $1 to $9.</summary>
    const string Fits =
        """
        head.threads <= $2 AND head.labels <@ $3 AND ($4::int IS NULL OR head.gpu_memory_gib * 1024 <= $4)
                AND EXISTS (SELECT 1 FROM unnest($5::text[], $6::int[]) AS known(kind, version) WHERE known.kind = head.kind AND known.version = head.results_version)
                AND NOT EXISTS (
                    SELECT 1 FROM quota WHERE quota.device = $1 AND quota.owner IN ('', head.owner) AND quota.most_running <= (
                        SELECT count(*) FROM job busy WHERE busy.state = 'Running' AND busy.device = $1 AND (quota.owner = '' OR busy.owner = quota.owner)))
                AND NOT EXISTS (SELECT 1 FROM worker WHERE worker.name = $7 AND worker.drain_requested_at IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM device_health health WHERE health.host = $8 AND health.device = $9 AND health.quarantined_at IS NOT NULL)
        """;

    /// <summary>The first ready jobs of each lane that fits an offer, by their turn.</summary>
    static Task<List<ReadyJob>> FirstOfLanes(NpgsqlConnection connection, WorkerOffer offer, CancellationToken ct) =>
        Ready(
            connection,
            $"""
            WITH RECURSIVE lanes(id) AS (
                (SELECT lane FROM job WHERE state = 'Queued' AND device = $1 ORDER BY lane LIMIT 1)
                UNION ALL
                SELECT (SELECT job.lane FROM job WHERE job.state = 'Queued' AND job.device = $1 AND job.lane > lanes.id ORDER BY job.lane LIMIT 1)
                FROM lanes WHERE lanes.id IS NOT NULL)
            SELECT ready.id, head.lane, ready.turn, EXISTS (SELECT 1 FROM quota WHERE quota.device = $1)
            FROM lanes CROSS JOIN LATERAL (
                SELECT job.* FROM job
                WHERE job.state = 'Queued' AND job.device = $1 AND job.lane = lanes.id AND job.not_before <= clock_timestamp()
                ORDER BY job.turn, job.seq LIMIT 1) head
            CROSS JOIN LATERAL (
                SELECT job.id, job.turn, job.seq FROM job
                WHERE job.state = 'Queued' AND job.device = $1 AND job.lane = lanes.id AND job.not_before <= clock_timestamp()
                ORDER BY job.turn, job.seq LIMIT $10) ready
            WHERE {Fits}
            ORDER BY ready.turn, ready.seq
            """,
            offer, SeenOfLane, ct);

    /// <summary>One job, if it is ready and fits an offer.</summary>
    static Task<List<ReadyJob>> Named(NpgsqlConnection connection, Guid job, WorkerOffer offer, CancellationToken ct) =>
        Ready(
            connection,
            $"""
            SELECT head.id, head.lane, head.turn, EXISTS (SELECT 1 FROM quota WHERE quota.device = $1) FROM job head
            WHERE head.id = $10 AND head.state = 'Queued' AND head.device = $1 AND head.not_before <= clock_timestamp() AND {Fits}
            """,
            offer, job, ct);

    static Task<List<ReadyJob>> Ready(NpgsqlConnection connection, string sql, WorkerOffer offer, object of, CancellationToken ct) =>
        connection.Rows(
            sql,
            [
                Stored(offer.Device), offer.Threads, offer.Labels.ToArray(), offer.FreeGpuMemoryMiB, offer.Kinds.Keys.ToArray(), offer.Kinds.Values.ToArray(),
                offer.Worker, offer.On?.Host ?? "", offer.On?.Device ?? "", of,
            ],
            reader => new ReadyJob(reader.GetGuid(0), reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetBoolean(3)), ct);

    /// <summary>Those before which no job can be that was not seen: where a lane was not seen to its end, up to the last that was.</summary>
    static Guid[] InTurn(List<ReadyJob> seen)
    {
        var cut = seen.GroupBy(job => job.Lane).Where(lane => lane.Count() == SeenOfLane).Select(lane => (DateTimeOffset?)lane.Last().Turn).Min();
        return [.. seen.Where(job => cut is null || job.Turn <= cut).Select(job => job.Id)];
    }

    /// <summary>The first of some jobs that nobody else is taking.</summary>
    async Task<ClaimedRow?> Take(NpgsqlConnection connection, WorkerOffer offer, Guid[] jobs, CancellationToken ct) =>
        (await connection.Rows(
            """
            WITH next AS (
                SELECT id FROM job
                WHERE id = ANY($2) AND state = 'Queued' AND not_before <= clock_timestamp()
                ORDER BY turn, seq
                LIMIT 1 FOR UPDATE SKIP LOCKED)
            UPDATE job SET state = 'Running', reason = 'claimed', fence = fence + 1, attempt = attempt + 1, worker = $1,
                lease_until = clock_timestamp() + $3, heartbeat_at = clock_timestamp(), progress = NULL, progress_at = clock_timestamp(),
                started_at = coalesce(started_at, clock_timestamp())
            FROM next WHERE job.id = next.id
            RETURNING job.id, job.fence, job.attempt, job.name, job.payload::text, job.micro_batch, job.trace_parent,
                extract(epoch FROM clock_timestamp() - job.not_before)::float8
            """,
            [offer.Worker, jobs, settings.Lease],
            reader => new ClaimedRow(
                reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetInt32(5),
                reader.Text(6), reader.GetDouble(7)),
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
