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
    public Task<ClaimedJob?> TryClaimNext(WorkerOffer offer, CancellationToken ct = default) => Claim(offer, ClaimNext, null, ct);

    /// <summary>Takes one job by its id under the rules of <see cref="TryClaimNext"/>, whoever's turn it is.</summary>
    /// <returns>Null when it is not ready, does not fit the offer, or a quota holds it back; also when others are at it.</returns>
    public Task<ClaimedJob?> TryClaim(Guid job, WorkerOffer offer, CancellationToken ct = default) => Claim(offer, ClaimNamed, job, ct);

    /// <summary>The jobs that <see cref="TryClaimNext"/> would give to an offer, the first in turn first; nothing is taken.</summary>
    /// <param name="offer">What is offered.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<Guid>> NextInTurn(WorkerOffer offer, int most, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Rows(NextOfLanes, [.. Offered(offer), most], reader => reader.GetGuid(0), ct);
    }

    async Task<ClaimedJob?> Claim(WorkerOffer offer, string[] rounds, Guid? named, CancellationToken ct)
    {
        for (var round = 0; round < rounds.Length;)
        {
            var asked = Stopwatch.GetTimestamp();
            await using var connection = await database.OpenConnectionAsync(ct);
            // Without quotas it stands by itself: a transaction around it would only be longer.
            var look = await Take(connection, rounds[round], offer, named, counted: false, ct);
            if (look.Quotas)
            {
                await using var transaction = await connection.BeginTransactionAsync(ct);
                await connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended('quota ' || $1, 0))", [Stored(offer.Device)], ct);
                look = await Take(connection, rounds[round], offer, named, counted: true, ct);
                await transaction.CommitAsync(ct);
            }
            if (!look.Ready)
                return null;
            if (look.Claimed is not { } row)
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

    /// <summary>What a claim found.</summary>
    /// <param name="Ready">True when jobs were ready that fit the offer.</param>
    /// <param name="Quotas">True when nothing was taken because it has to be counted first.</param>
    /// <param name="Claimed">What was taken; null when others were at all of it.</param>
    sealed record ClaimLook(bool Ready, bool Quotas, ClaimedRow? Claimed);

    sealed record ClaimedRow(Guid Id, long Fence, int Attempt, string Name, string Payload, int? MicroBatch, string? TraceParent, double Waited, string? Inputs, string? Resume);

    sealed record ClaimedInput(string Role, string Output, string Parent, CheckpointInfo? Info);

    // A checkpoint as JSON, of the names and forms of CheckpointInfo.
    const string CheckpointJson =
        """
        jsonb_build_object('id', checkpoint.id, 'role', lower(checkpoint.role), 'name', checkpoint.name, 'epoch', checkpoint.epoch, 'step', checkpoint.step,
            'bytes', checkpoint.bytes, 'sha256', checkpoint.sha256)
        """;

    /// <summary>Whether jobs that ask for the same as <c>head</c> may be given to an offer (<see cref="Offered"/>).</summary>
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

    /// <summary>The first ready jobs of each lane that fits an offer, as <c>seen</c>.</summary>
    static string OfLanes(int each) =>
        $"""
        WITH RECURSIVE lanes(id) AS (
            (SELECT lane FROM job WHERE state = 'Queued' AND device = $1 ORDER BY lane LIMIT 1)
            UNION ALL
            SELECT (SELECT job.lane FROM job WHERE job.state = 'Queued' AND job.device = $1 AND job.lane > lanes.id ORDER BY job.lane LIMIT 1)
            FROM lanes WHERE lanes.id IS NOT NULL),
        seen AS MATERIALIZED (
            SELECT ready.id, head.lane, ready.turn, ready.seq
            FROM lanes CROSS JOIN LATERAL (
                SELECT job.lane, job.threads, job.labels, job.gpu_memory_gib, job.kind, job.results_version, job.owner FROM job
                WHERE job.state = 'Queued' AND job.device = $1 AND job.lane = lanes.id AND job.not_before <= clock_timestamp()
                ORDER BY job.turn, job.seq LIMIT 1) head
            CROSS JOIN LATERAL (
                SELECT job.id, job.turn, job.seq FROM job
                WHERE job.state = 'Queued' AND job.device = $1 AND job.lane = lanes.id AND job.not_before <= clock_timestamp()
                ORDER BY job.turn, job.seq LIMIT {each}) ready
            WHERE {Fits}),
        {InTurn(each)}
        """;

    /// <summary>One job ($12), if it is ready and fits an offer, as <c>seen</c>.</summary>
    static string Named(int each) =>
        $"""
        WITH seen AS MATERIALIZED (
            SELECT head.id, head.lane, head.turn, head.seq FROM job head
            WHERE head.id = $12 AND head.state = 'Queued' AND head.device = $1 AND head.not_before <= clock_timestamp() AND {Fits}),
        {InTurn(each)}
        """;

    /// <summary>Of <c>seen</c> those before which no job can be that was not seen, as <c>next</c>: where a lane was not seen to its end, up to the last that was.</summary>
    static string InTurn(int each) =>
        $"""
        cut AS (SELECT min(last) AS turn FROM (SELECT max(turn) AS last FROM seen GROUP BY lane HAVING count(*) = {each}) unseen),
        next AS MATERIALIZED (SELECT seen.id, seen.turn, seen.seq FROM seen CROSS JOIN cut WHERE cut.turn IS NULL OR seen.turn <= cut.turn)
        """;

    /// <summary>
    /// Takes the first of <c>next</c> that nobody else is taking, and brings its newest undamaged resume point and the outputs it
    /// takes; nothing where quotas are set and it is not counted ($10). Always one row.
    /// </summary>
    static string Taking(string jobs, int each) =>
        $"""
        {jobs},
        quotas AS MATERIALIZED (SELECT NOT $10 AND EXISTS (SELECT 1 FROM quota WHERE quota.device = $1) AS uncounted),
        tried AS MATERIALIZED (SELECT next.id, next.turn, next.seq FROM next CROSS JOIN quotas WHERE NOT quotas.uncounted ORDER BY next.turn, next.seq LIMIT {TriedPerSeen * each}),
        mine AS (
            SELECT job.id FROM tried JOIN job ON job.id = tried.id
            WHERE job.state = 'Queued' AND job.not_before <= clock_timestamp()
            ORDER BY tried.turn, tried.seq
            LIMIT 1 FOR UPDATE OF job SKIP LOCKED),
        claimed AS (
            UPDATE job SET state = 'Running', reason = 'claimed', fence = fence + 1, attempt = attempt + 1, worker = $7,
                lease_until = clock_timestamp() + $11, heartbeat_at = clock_timestamp(), progress = NULL, progress_at = clock_timestamp(),
                started_at = coalesce(started_at, clock_timestamp())
            FROM mine WHERE job.id = mine.id
            RETURNING job.id, job.fence, job.attempt, job.name, job.payload::text, job.micro_batch, job.trace_parent,
                extract(epoch FROM clock_timestamp() - job.not_before)::float8,
                (SELECT jsonb_agg(jsonb_build_object('role', edge.role, 'output', edge.output, 'parent', parent.name, 'info', (
                        SELECT {CheckpointJson} FROM checkpoint
                        WHERE job_id = edge.parent_id AND role = 'Output' AND name = edge.output AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1)) ORDER BY edge.role)
                    FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id WHERE edge.job_id = job.id)::text,
                (SELECT {CheckpointJson} FROM checkpoint WHERE job_id = job.id AND role = 'Resume' AND damaged_at IS NULL ORDER BY seq DESC LIMIT 1)::text)
        SELECT EXISTS (SELECT 1 FROM next), quotas.uncounted, claimed.* FROM quotas LEFT JOIN claimed ON true
        """;

    // Made once: their texts are what the driver knows prepared statements by.
    static readonly string[] ClaimNext = [.. SeenOfLane.Select(each => Taking(OfLanes(each), each))];
    // Who holds its row for a moment, to read or to ask something of it, is not waited for: it is tried again.
    static readonly string[] ClaimNamed = [.. Enumerable.Repeat(Taking(Named(1), 1), SeenOfLane.Length)];
    static readonly string NextOfLanes = $"{OfLanes(SeenOfLane[0])} SELECT next.id FROM next ORDER BY next.turn, next.seq LIMIT $10";

    /// <summary>What the statements ask of an offer, as $1 to $9.</summary>
    static object?[] Offered(WorkerOffer offer) =>
        [
            Stored(offer.Device), offer.Threads, offer.Labels.ToArray(), offer.FreeGpuMemoryMiB, offer.Kinds.Keys.ToArray(), offer.Kinds.Values.ToArray(),
            offer.Worker, offer.On?.Host ?? "", offer.On?.Device ?? "",
        ];

    async Task<ClaimLook> Take(NpgsqlConnection connection, string sql, WorkerOffer offer, Guid? named, bool counted, CancellationToken ct) =>
        (await connection.Rows(
            sql, [.. Offered(offer), counted, settings.Lease, .. named is { } one ? [one] : Array.Empty<object?>()],
            reader => new ClaimLook(
                reader.GetBoolean(0), reader.GetBoolean(0) && reader.GetBoolean(1),
                reader.IsDBNull(2) ? null : new ClaimedRow(
                    reader.GetGuid(2), reader.GetInt64(3), reader.GetInt32(4), reader.GetString(5), reader.GetString(6), reader.IsDBNull(7) ? null : reader.GetInt32(7),
                    reader.Text(8), reader.GetDouble(9), reader.Text(10), reader.Text(11))),
            ct)).Single();

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
