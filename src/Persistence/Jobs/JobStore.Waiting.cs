using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    // Counting further would cost more than the number is worth.
    const int MostCounted = 1000;

    /// <summary>Why a job does not run, in one sentence: the first of all reasons that would have to go.</summary>
    /// <param name="job">The job.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>Null when there is no such job.</returns>
    public async Task<string?> WhyWaiting(Guid job, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var row = (await connection.Rows(
            """
            SELECT state, owner, kind, device, threads, gpu_memory_gib, labels, results_version, reason,
                CASE WHEN not_before > clock_timestamp() THEN not_before END, worker, turn, seq
            FROM job WHERE id = $1
            """,
            [job],
            reader => new WaitingJob(
                job, Enum.Parse<JobState>(reader.GetString(0)), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4), reader.GetInt32(5),
                reader.GetFieldValue<string[]>(6), reader.GetInt32(7), reader.GetString(8), reader.IsDBNull(9) ? null : reader.GetFieldValue<DateTimeOffset>(9),
                reader.Text(10), reader.GetFieldValue<DateTimeOffset>(11), reader.GetInt64(12)), ct)).SingleOrDefault();
        return row switch
        {
            null => null,
            { State: JobState.Running } => $"it runs on {row.Worker}",
            { State: JobState.Paused } => $"{row.Reason}: resume it to let it go on",
            { State: JobState.Blocked } => await WaitsFor(connection, job, ct),
            { State: JobState.Queued, NotBefore: { } moment } => string.Create(
                CultureInfo.InvariantCulture, $"not before {moment.ToUniversalTime():HH:mm:ss} UTC: {row.Reason}"),
            { State: JobState.Queued } => NobodyFits(row, await LivingWorkers(connection, ct)) ?? await QuotaFull(connection, row, ct) ?? await Queue(connection, row, ct),
            _ => $"it has ended ({row.State}): {row.Reason}",
        };
    }

    sealed record WaitingJob(
        Guid Id, JobState State, string Owner, string Kind, string Device, int Threads, int GpuMemoryGib, string[] Labels, int ResultsVersion, string Reason,
        DateTimeOffset? NotBefore, string? Worker, DateTimeOffset Turn, long Seq);

    sealed record LivingWorker(string Name, string Device, int Cores, string[] Labels, IReadOnlyDictionary<string, int> Kinds, string? DrainedBy, int? LargestGpuMiB, string? Quarantine);

    static async Task<string> WaitsFor(NpgsqlConnection connection, Guid job, CancellationToken ct)
    {
        var parents = await connection.Rows(
            """
            SELECT DISTINCT parent.name, parent.state, parent.seq FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id
            WHERE edge.job_id = $1 AND parent.state <> 'Succeeded' ORDER BY parent.seq
            """,
            [job], reader => $"'{reader.GetString(0)}' ({reader.GetString(1)})", ct);
        return $"it waits for {string.Join(", ", parents)}";
    }

    static Task<List<LivingWorker>> LivingWorkers(NpgsqlConnection connection, CancellationToken ct) =>
        connection.Rows(
            """
            SELECT w.name, w.device, w.cores, w.labels, w.kinds::text, w.drain_requested_by,
                (SELECT max((d ->> 'memoryTotalMiB')::int) FROM jsonb_array_elements(w.devices) d),
                (SELECT string_agg(h.device || ': ' || h.quarantine_reason, '; ') FROM device_health h
                    WHERE h.host = w.host AND h.quarantined_at IS NOT NULL AND w.devices @> jsonb_build_array(jsonb_build_object('device', h.device))
                    HAVING count(*) = greatest(jsonb_array_length(w.devices), 1))
            FROM worker w WHERE w.stopped_at IS NULL AND w.last_seen > clock_timestamp() - interval '30 s' ORDER BY w.name
            """,
            [],
            reader => new LivingWorker(
                reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetFieldValue<string[]>(3),
                JsonSerializer.Deserialize<Dictionary<string, int>>(reader.GetString(4))!, reader.Text(5), reader.IsDBNull(6) ? null : reader.GetInt32(6), reader.Text(7)), ct);

    /// <summary>What no living worker has; each question is only about workers that passed the ones before.</summary>
    static string? NobodyFits(WaitingJob job, List<LivingWorker> workers)
    {
        if (workers.Count == 0)
            return "no worker is alive: start one";
        var fitting = workers.Where(worker => worker.Device == job.Device).ToList();
        if (fitting.Count == 0)
            return $"no living worker has device {job.Device}";
        var knowing = fitting.Where(worker => worker.Kinds.TryGetValue(job.Kind, out var version) && version == job.ResultsVersion).ToList();
        if (knowing.Count == 0)
            return SkewOf(job, fitting);
        foreach (var label in job.Labels)
        {
            knowing.RemoveAll(worker => !worker.Labels.Contains(label, StringComparer.Ordinal));
            if (knowing.Count == 0)
                return $"no living worker that could compute it offers label {label}{(job.Labels.Length > 1 ? " together with the others it requires" : "")}: start one with --label {label}";
        }
        var most = knowing.Max(worker => worker.Cores);
        if (job.Threads > most)
            return $"it takes {job.Threads} cores; the largest living worker that could compute it has {most}";
        var largest = knowing.All(worker => worker.LargestGpuMiB is not null) ? knowing.Max(worker => worker.LargestGpuMiB!.Value) : int.MaxValue;
        if (job.GpuMemoryGib * 1024L > largest)
            return $"it needs {job.GpuMemoryGib} GiB of GPU memory; the largest GPU of a living worker has {largest / 1024}";
        var taking = knowing.Where(worker => worker is { DrainedBy: null, Quarantine: null }).ToList();
        return taking.Count > 0
            ? null
            : $"every worker that could take it takes none: {string.Join(", ", knowing.Select(worker => worker.DrainedBy is { } by ? $"{worker.Name} drains (asked by {by})" : $"{worker.Name} is in quarantine ({worker.Quarantine})"))}";
    }

    static string SkewOf(WaitingJob job, List<LivingWorker> workers)
    {
        var known = workers.Select(worker => worker.Kinds.TryGetValue(job.Kind, out var version) ? version : (int?)null).OfType<int>().Distinct().Order().ToList();
        var what = $"{job.Kind} version {job.ResultsVersion}";
        if (known.Count == 0)
            return $"no living worker's build knows the kind {job.Kind}: start one of the build that submitted it";
        var builds = known[0] > job.ResultsVersion ? "newer" : known[^1] < job.ResultsVersion ? "older" : "other";
        return $"only {builds} builds work here: it is {what}, they compute version {string.Join(", ", known)}";
    }

    static async Task<string?> QuotaFull(NpgsqlConnection connection, WaitingJob job, CancellationToken ct) =>
        (await connection.Rows(
            """
            SELECT quota.owner, quota.most_running, busy.jobs FROM quota CROSS JOIN LATERAL (
                SELECT count(*)::int AS jobs FROM job WHERE state = 'Running' AND device = quota.device AND (quota.owner = '' OR owner = quota.owner)) busy
            WHERE quota.device = $1 AND quota.owner IN ('', $2) AND busy.jobs >= quota.most_running ORDER BY quota.owner DESC LIMIT 1
            """,
            [job.Device, job.Owner],
            reader => $"quota of {(reader.GetString(0) is { Length: > 0 } owner ? $"owner {owner}" : "all owners together")}: {reader.GetInt32(2)} of at most {reader.GetInt32(1)} {job.Device} jobs run", ct)).SingleOrDefault();

    static async Task<string> Queue(NpgsqlConnection connection, WaitingJob job, CancellationToken ct)
    {
        var before = await connection.Value<long>(
            $"""
            SELECT count(*) FROM (SELECT 1 FROM job WHERE state = 'Queued' AND device = $1 AND not_before <= clock_timestamp() AND (turn, seq) < ($2, $3) LIMIT {MostCounted}) first
            """,
            [job.Device, job.Turn, job.Seq], ct);
        var many = before >= MostCounted ? $"at least {MostCounted}" : before.ToString(CultureInfo.InvariantCulture);
        return before == 0 ? "it is next: the workers that could take it are busy" : $"its turn comes: {many} {(before == 1 ? "job goes" : "jobs go")} before it";
    }
}
