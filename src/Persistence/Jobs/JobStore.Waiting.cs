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
    public Task<string?> WhyWaiting(Guid job, CancellationToken ct = default) => database.Ask(async connection =>
    {
        await using var batch = await connection.Together(ct, Reasons(job));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        return await ReadReason(reader, ct);
    }, ct);

    /// <summary>The statements from whose results <see cref="ReadReason"/> finds the sentence.</summary>
    static (string Sql, object?[] Values)[] Reasons(Guid job) => [(Asked, [job]), (WaitsFor, [job]), (LivingWorkers, []), (FullQuota, [job]), (Earlier, [job])];

    static async Task<string?> ReadReason(NpgsqlDataReader reader, CancellationToken ct)
    {
        var row = (await reader.Rows(
            found => new WaitingJob(
                Enum.Parse<JobState>(found.GetString(0)), found.GetString(1), found.GetString(2), found.GetInt32(3), found.GetInt32(4), found.GetFieldValue<string[]>(5), found.GetInt32(6),
                found.GetString(7), found.IsDBNull(8) ? null : found.GetFieldValue<DateTimeOffset>(8), found.Text(9)), ct)).SingleOrDefault();
        var parents = await reader.Rows(found => $"'{found.GetString(0)}' ({found.GetString(1)})", ct);
        var workers = await reader.Rows(
            found => new LivingWorker(
                found.GetString(0), found.GetString(1), found.GetInt32(2), found.GetFieldValue<string[]>(3),
                JsonSerializer.Deserialize<Dictionary<string, int>>(found.GetString(4))!, found.Text(5), found.IsDBNull(6) ? null : found.GetInt32(6), found.Text(7)), ct);
        var quota = (await reader.Rows(
            found => $"quota of {(found.GetString(0) is { Length: > 0 } owner ? $"owner {owner}" : "all owners together")}: {found.GetInt32(2)} of at most {found.GetInt32(1)} {found.GetString(3)} jobs run", ct)).SingleOrDefault();
        var before = (await reader.Rows(found => found.GetInt64(0), ct)).Single();
        return row switch
        {
            null => null,
            { State: JobState.Running } => $"it runs on {row.Worker}",
            { State: JobState.Paused } => $"{row.Reason}: resume it to let it go on",
            { State: JobState.Blocked } => $"it waits for {string.Join(", ", parents)}",
            { State: JobState.Queued, NotBefore: { } moment } => string.Create(
                CultureInfo.InvariantCulture, $"not before {moment.ToUniversalTime():HH:mm:ss} UTC: {row.Reason}"),
            { State: JobState.Queued } => NobodyFits(row, workers) ?? quota ?? Queue(before),
            _ => $"it has ended ({row.State}): {row.Reason}",
        };
    }

    // All of these name the job alone, so that they can be asked together; what its state makes pointless finds nothing at once.
    const string Asked =
        """
        SELECT state, kind, device, threads, gpu_memory_gib, labels, results_version, reason, CASE WHEN not_before > clock_timestamp() THEN not_before END, worker
        FROM job WHERE id = $1
        """;

    const string WaitsFor =
        """
        SELECT DISTINCT parent.name, parent.state, parent.seq FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id
        WHERE edge.job_id = $1 AND parent.state <> 'Succeeded' ORDER BY parent.seq
        """;

    const string LivingWorkers =
        """
        SELECT w.name, w.device, w.cores, w.labels, w.kinds::text, w.drain_requested_by,
            (SELECT max((d ->> 'memoryTotalMiB')::int) FROM jsonb_array_elements(w.devices) d),
            (SELECT string_agg(h.device || ': ' || h.quarantine_reason, '; ') FROM device_health h
                WHERE h.host = w.host AND h.quarantined_at IS NOT NULL AND w.devices @> jsonb_build_array(jsonb_build_object('device', h.device))
                HAVING count(*) = greatest(jsonb_array_length(w.devices), 1))
        FROM worker w WHERE w.stopped_at IS NULL AND w.last_seen > clock_timestamp() - interval '30 s' ORDER BY w.name
        """;

    const string FullQuota =
        """
        SELECT quota.owner, quota.most_running, busy.jobs, me.device FROM job me JOIN quota ON quota.device = me.device AND quota.owner IN ('', me.owner)
        CROSS JOIN LATERAL (
            SELECT count(*)::int AS jobs FROM job WHERE state = 'Running' AND device = quota.device AND (quota.owner = '' OR owner = quota.owner)) busy
        WHERE me.id = $1 AND me.state = 'Queued' AND busy.jobs >= quota.most_running ORDER BY quota.owner DESC LIMIT 1
        """;

    static readonly string Earlier = string.Create(CultureInfo.InvariantCulture,
        $"""
        SELECT count(*) FROM (
            SELECT 1 FROM job me JOIN job ON job.state = 'Queued' AND job.device = me.device AND job.not_before <= clock_timestamp() AND (job.turn, job.seq) < (me.turn, me.seq)
            WHERE me.id = $1 AND me.state = 'Queued' LIMIT {MostCounted}) first
        """);

    sealed record WaitingJob(
        JobState State, string Kind, string Device, int Threads, int GpuMemoryGib, string[] Labels, int ResultsVersion, string Reason, DateTimeOffset? NotBefore, string? Worker);

    sealed record LivingWorker(string Name, string Device, int Cores, string[] Labels, IReadOnlyDictionary<string, int> Kinds, string? DrainedBy, int? LargestGpuMiB, string? Quarantine);

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

    static string Queue(long before)
    {
        var many = before >= MostCounted ? $"at least {MostCounted}" : before.ToString(CultureInfo.InvariantCulture);
        return before == 0 ? "it is next: the workers that could take it are busy" : $"its turn comes: {many} {(before == 1 ? "job goes" : "jobs go")} before it";
    }
}
