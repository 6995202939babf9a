using System.Diagnostics;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    // So many jobs of a lane are looked at: as many claimers at once find one each without looking again. Where all of them were
    // taken meanwhile more are looked at; after the last the next wake-up comes soon. They stand in the statement, not beside it:
    // of a limit it does not know the server expects the worst, and would plan the statement anew each time.
    static readonly int[] SeenOfLane = [8, 64, 512];

    // Of those that were seen in all lanes so many are tried to the first that nobody else is taking, for each looked at in a lane.
    const int TriedPerSeen = 2;

    /// <summary>
    /// Takes the ready job whose turn is first among those that fit the offer and no quota holds back; two claimers never
    /// take the same. A worker that drains and a device in quarantine get nothing.
    /// </summary>
    /// <remarks>
    /// Jobs that ask for the same are one lane. The first few of each fitting lane are looked at, a handful of index probes
    /// however many jobs wait or have ended; of these the first that nobody else is taking is taken, of more where they all were. Where
    /// quotas are set for a kind of device its claims come one at a time, so that what is counted stays true.
    /// </remarks>
    /// <returns>Null when nothing fits.</returns>
    public Task<ClaimedJob?> TryClaimNext(WorkerOffer offer, CancellationToken ct = default) => Claim(offer, FirstOfLanes, ct);

    /// <summary>Takes one job by its id under the rules of <see cref="TryClaimNext"/>, whoever's turn it is.</summary>
    /// <returns>Null when it is not ready, does not fit the offer, or a quota holds it back; also when others are at it.</returns>
    public Task<ClaimedJob?> TryClaim(Guid job, WorkerOffer offer, CancellationToken ct = default) =>
        Claim(offer, (connection, asked, _, token) => Named(connection, job, asked, token), ct);

    /// <summary>The jobs that <see cref="TryClaimNext"/> would give to an offer, the first in turn first; nothing is taken.</summary>
    /// <param name="offer">What is offered.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<Guid>> NextInTurn(WorkerOffer offer, int most, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. InTurn(await FirstOfLanes(connection, offer, SeenOfLane[0], ct), SeenOfLane[0]).Take(most)];
    }

    async Task<ClaimedJob?> Claim(WorkerOffer offer, Func<NpgsqlConnection, WorkerOffer, int, CancellationToken, Task<List<ReadyJob>>> look, CancellationToken ct)
    {
        for (var round = 0; round < SeenOfLane.Length;)
        {
            var asked = Stopwatch.GetTimestamp();
            await using var connection = await database.OpenConnectionAsync(ct);
            // Each of the two statements stands by itself: a transaction around them would only be longer.
            var seen = await look(connection, offer, SeenOfLane[round], ct);
            var counted = seen.Count > 0 && seen[0].Quotas;
            await using var transaction = counted ? await connection.BeginTransactionAsync(ct) : null;
            if (counted)
            {
                await connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || $1, 0))", [Stored(offer.Device)], ct);
                seen = await look(connection, offer, SeenOfLane[round], ct);
            }
            if (seen.Count == 0)
                return null;
            var row = await Take(connection, offer, [.. InTurn(seen, SeenOfLane[round]).Take(TriedPerSeen * SeenOfLane[round])], ct);
            if (transaction is not null)
                await transaction.CommitAsync(ct);
            if (row is null)
            {
                round++;
                continue;
            }

            herald.Tell(row.Id);
            var lease = new JobLease(row.Id, row.Fence, offer.Worker);
            var (inputs, missing) = Inputs(row.Inputs);
            JobPayload? payload = null;
            if (missing is null)
                payload = Payload(row.Payload, out missing);
            if (payload is null)
            {
                await using var ending = await connection.BeginTransactionAsync(ct);
                await End(connection, lease, "Failed", missing!, Json(new JobFailure(FailureKind.Permanent, missing!, "")), ct);
                await ending.CommitAsync(ct);
                continue;
            }
            JobMeter.Claimed(payload.KindName, Stopwatch.GetElapsedTime(asked), row.Waited);
            return new ClaimedJob(lease, row.Attempt, row.Name, payload, inputs, row.Resume is null ? null : FromJson<CheckpointInfo>(row.Resume), settings.Lease) { MicroBatch = row.MicroBatch, TraceParent = row.TraceParent };
        }
        return null;
    }

    sealed record ReadyJob(Guid Id, Guid Lane, DateTimeOffset Turn, bool Quotas);

    sealed record ClaimedRow(Guid Id, long Fence, int Attempt, string Name, string Payload, int? MicroBatch, string? TraceParent, double Waited, string? Inputs, string? Resume);

    sealed record ClaimedInput(string Role, string Output, string Parent, CheckpointInfo? Info);

    // A checkpoint as JSON, of the names and forms of CheckpointInfo.
    const string CheckpointJson =
        """
        jsonb_build_object('id', checkpoint.id, 'role', lower(checkpoint.role), 'name', checkpoint.name, 'epoch', checkpoint.epoch, 'step', checkpoint.step,
            'bytes', checkpoint.bytes, 'sha256', checkpoint.sha256)
        """;

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
    static Task<List<ReadyJob>> FirstOfLanes(NpgsqlConnection connection, WorkerOffer offer, int ofLane, CancellationToken ct) =>
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
                ORDER BY job.turn, job.seq LIMIT {ofLane}) ready
            WHERE {Fits}
            ORDER BY ready.turn, ready.seq
            """,
            offer, null, ct);

    /// <summary>One job, if it is ready and fits an offer.</summary>
    static Task<List<ReadyJob>> Named(NpgsqlConnection connection, Guid job, WorkerOffer offer, CancellationToken ct) =>
        Ready(
            connection,
            $"""
            SELECT head.id, head.lane, head.turn, EXISTS (SELECT 1 FROM quota WHERE quota.device = $1) FROM job head
            WHERE head.id = $10 AND head.state = 'Queued' AND head.device = $1 AND head.not_before <= clock_timestamp() AND {Fits}
            """,
            offer, job, ct);

    static Task<List<ReadyJob>> Ready(NpgsqlConnection connection, string sql, WorkerOffer offer, Guid? of, CancellationToken ct) =>
        connection.Rows(
            sql,
            [
                Stored(offer.Device), offer.Threads, offer.Labels.ToArray(), offer.FreeGpuMemoryMiB, offer.Kinds.Keys.ToArray(), offer.Kinds.Values.ToArray(),
                offer.Worker, offer.On?.Host ?? "", offer.On?.Device ?? "", .. of is { } one ? [one] : Array.Empty<object?>(),
            ],
            reader => new ReadyJob(reader.GetGuid(0), reader.GetGuid(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetBoolean(3)), ct);

    /// <summary>Those before which no job can be that was not seen: where a lane was not seen to its end, up to the last that was.</summary>
    static Guid[] InTurn(List<ReadyJob> seen, int ofLane)
    {
        var cut = seen.GroupBy(job => job.Lane).Where(lane => lane.Count() == ofLane).Select(lane => (DateTimeOffset?)lane.Last().Turn).Min();
        return [.. seen.Where(job => cut is null || job.Turn <= cut).Select(job => job.Id)];
    }

    /// <summary>The first of some jobs that nobody else is taking, with its newest undamaged resume point and the outputs it takes.</summary>
    async Task<ClaimedRow?> Take(NpgsqlConnection connection, WorkerOffer offer, Guid[] jobs, CancellationToken ct) =>
        (await connection.Rows(
            $"""
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
                extract(epoch FROM clock_timestamp() - job.not_before)::float8,
                (SELECT jsonb_agg(jsonb_build_object('role', edge.role, 'output', edge.output, 'parent', parent.name, 'info', (
                        SELECT {CheckpointJson} FROM checkpoint
                        WHERE job_id = edge.parent_id AND role = 'Output' AND name = edge.output AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1)) ORDER BY edge.role)
                    FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id WHERE edge.job_id = job.id)::text,
                (SELECT {CheckpointJson} FROM checkpoint WHERE job_id = job.id AND role = 'Resume' AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1)::text
            """,
            [offer.Worker, jobs, settings.Lease],
            reader => new ClaimedRow(
                reader.GetGuid(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetInt32(5),
                reader.Text(6), reader.GetDouble(7), reader.Text(8), reader.Text(9)),
            ct)).SingleOrDefault();

    /// <summary>The newest undamaged outputs a job takes, by role; or what is missing, in words.</summary>
    static (IReadOnlyDictionary<string, CheckpointInfo> Inputs, string? Missing) Inputs(string? taken)
    {
        var inputs = taken is null ? [] : FromJson<ClaimedInput[]>(taken);
        return inputs.FirstOrDefault(input => input.Info is null) is { } without
            ? (new Dictionary<string, CheckpointInfo>(StringComparer.Ordinal), $"input {without.Role}: the output '{without.Output}' of '{without.Parent}' is missing or damaged; compute it anew with --again")
            : (inputs.ToDictionary(input => input.Role, input => input.Info!, StringComparer.Ordinal), null);
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
