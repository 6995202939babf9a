using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>A job with all that is stored about it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Events">The first thousand lines of its history, oldest first.</param>
/// <param name="Checkpoints">Its undamaged checkpoints, oldest first.</param>
/// <param name="Experiments">The newest hundred experiments that use it, newest first.</param>
/// <param name="Waiting">Why it does not run, in one sentence; null when it runs or has ended.</param>
public sealed record JobDetails(JobView Job, IReadOnlyList<JobEventView> Events, IReadOnlyList<CheckpointInfo> Checkpoints, IReadOnlyList<Guid> Experiments, string? Waiting);

/// <summary>What there is about a job after what somebody knows already.</summary>
/// <param name="Job">As it is, read after the others; null when there is none.</param>
/// <param name="Events">Lines of its history, oldest first.</param>
/// <param name="Metrics">Its metrics, oldest first, as many as were asked for at most.</param>
public sealed record JobNews(JobView? Job, IReadOnlyList<JobEventView> Events, IReadOnlyList<StoredMetric> Metrics);

public sealed partial class JobStore
{
    /// <summary>Columns of a row of <c>job</c> from which <see cref="ReadView"/> makes a view, the parents it waits for among them.</summary>
    internal const string ViewColumns =
        """
        job.id, job.name, job.kind, job.state, job.fingerprint, job.attempt, job.max_attempts, job.fence, job.priority, job.worker, job.cancel_requested_at IS NOT NULL,
        job.progress::text, job.result::text, job.failure::text, job.reason, job.created_at, job.started_at, job.finished_at, job.pause_requested_at IS NOT NULL,
        job.paused_at, job.stalled_at, job.not_before, job.gpu_memory_gib, job.labels, job.micro_batch, job.upstream_job_id,
        ARRAY(SELECT DISTINCT edge.parent_id FROM job_dependency edge WHERE edge.job_id = job.id)
        """;

    const string EventColumns = "line.id, line.job_id, line.from_state, line.to_state, line.fence, line.worker, line.reason, line.at";

    const string OneView = $"SELECT {ViewColumns} FROM job WHERE job.id = $1 AND ($2::text IS NULL OR job.owner = $2)";
    const string SomeEvents = $"SELECT {EventColumns} FROM job_event line WHERE line.job_id = $1 AND line.id > $2 ORDER BY line.id LIMIT $3";

    /// <summary>A job, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public Task<JobView?> Find(Guid job, string? owner, CancellationToken ct = default) =>
        database.AskBriefly(async connection => (await connection.Rows(OneView, [job, owner], reader => ReadView(reader, 0), ct)).SingleOrDefault(), ct);

    /// <summary>A job with all that is stored about it, or null when there is none or it belongs to somebody else.</summary>
    /// <param name="job">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="key">The key under which it is asked, if it has to open still.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="KeyEndedException">It does not.</exception>
    public Task<JobDetails?> Details(Guid job, string? owner, Guid? key = null, CancellationToken ct = default) => database.AskBriefly(async connection =>
    {
        await using var batch = await connection.Together(ct, [
            (ApiKeyStore.WhichOpen, [key is { } asked ? new[] { asked } : Array.Empty<Guid>()]),
            (OneView, [job, owner]),
            (SomeEvents, [job, 0L, 1000]),
            ($"SELECT {CheckpointStore.InfoColumns} FROM checkpoint WHERE checkpoint.job_id = $1 AND checkpoint.damaged_at IS NULL ORDER BY checkpoint.seq", [job]),
            ("SELECT e.id FROM experiment_job use JOIN experiment e ON e.id = use.experiment_id WHERE use.job_id = $1 ORDER BY e.seq DESC LIMIT 100", [job]),
            .. Reasons(job)]);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        if ((await reader.Rows(row => row.GetGuid(0), ct)).Count == 0 && key is not null) throw new KeyEndedException();
        var found = await reader.Rows(row => ReadView(row, 0), ct);
        var events = await reader.Rows(ReadEvent, ct);
        var checkpoints = await reader.Rows(row => CheckpointStore.ReadInfo(row, 0), ct);
        var experiments = await reader.Rows(row => row.GetGuid(0), ct);
        var reason = await ReadReason(reader, ct);
        return found is [var view]
            ? new JobDetails(view, events, checkpoints, experiments, view.State is JobState.Blocked or JobState.Queued or JobState.Paused ? reason : null)
            : null;
    }, ct);

    /// <summary>What is new about a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="afterEvent">Id of the last line of its history that is known; 0 for none.</param>
    /// <param name="afterMetric">Id of the last metric that is known, 0 for none; null where metrics are not wanted.</param>
    /// <param name="mostMetrics">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public Task<JobNews> News(Guid job, long afterEvent, long? afterMetric, int mostMetrics, CancellationToken ct = default) => database.Ask(async connection =>
    {
        await using var batch = await connection.Together(ct, (SomeEvents, [job, afterEvent, 1000]), (MetricStore.After, [job, afterMetric, mostMetrics]), (OneView, [job, null]));
        await using var reader = await batch.ExecuteReaderAsync(ct);
        var events = await reader.Rows(ReadEvent, ct);
        var metrics = await reader.Rows(MetricStore.ReadMetric, ct);
        return new JobNews((await reader.Rows(row => ReadView(row, 0), ct)).SingleOrDefault(), events, metrics);
    }, ct);

    /// <summary>The history of a job after an event, oldest first.</summary>
    public Task<IReadOnlyList<JobEventView>> Events(Guid job, long after = 0, int limit = 1000, CancellationToken ct = default) =>
        database.Ask<IReadOnlyList<JobEventView>>(async connection => await connection.Rows(SomeEvents, [job, after, limit], ReadEvent, ct), ct);

    static JobEventView ReadEvent(NpgsqlDataReader reader) => new(
        reader.GetInt64(0), reader.GetGuid(1), reader.IsDBNull(2) ? null : Enum.Parse<JobState>(reader.GetString(2)), Enum.Parse<JobState>(reader.GetString(3)), reader.GetInt64(4),
        reader.Text(5), reader.GetString(6), reader.GetFieldValue<DateTimeOffset>(7));

    /// <summary>A view from <see cref="ViewColumns"/>, the first of which is at <paramref name="at"/>.</summary>
    internal static JobView ReadView(NpgsqlDataReader reader, int at)
    {
        var state = Enum.Parse<JobState>(reader.GetString(at + 3));
        return new JobView
        {
            Id = reader.GetGuid(at),
            Name = reader.GetString(at + 1),
            Kind = reader.GetString(at + 2),
            State = state,
            Fingerprint = reader.GetString(at + 4),
            Attempt = reader.GetInt32(at + 5),
            MaxAttempts = reader.GetInt32(at + 6),
            Fence = reader.GetInt64(at + 7),
            Priority = reader.GetInt32(at + 8),
            Worker = reader.Text(at + 9),
            CancelRequested = reader.GetBoolean(at + 10),
            Progress = reader.Text(at + 11) is { } progress ? FromJson<JobProgress>(progress) : null,
            Result = reader.Text(at + 12) is { } result ? FromJson<JobResult>(result) : null,
            // A failure of an earlier attempt is history once the job succeeded.
            Failure = state == JobState.Cancelled
                ? new JobFailure(FailureKind.Permanent, reader.GetString(at + 14), "")
                : state != JobState.Succeeded && reader.Text(at + 13) is { } failure ? FromJson<JobFailure>(failure) : null,
            CreatedAt = reader.GetFieldValue<DateTimeOffset>(at + 15),
            StartedAt = reader.Time(at + 16),
            FinishedAt = reader.Time(at + 17),
            PauseRequested = reader.GetBoolean(at + 18),
            PausedAt = reader.Time(at + 19),
            StalledAt = reader.Time(at + 20),
            NotBefore = reader.GetFieldValue<DateTimeOffset>(at + 21),
            GpuMemoryGiB = reader.GetInt32(at + 22),
            Labels = reader.GetFieldValue<string[]>(at + 23),
            MicroBatch = reader.IsDBNull(at + 24) ? null : reader.GetInt32(at + 24),
            CancelledWith = reader.IsDBNull(at + 25) ? null : reader.GetGuid(at + 25),
            DependsOn = reader.GetFieldValue<Guid[]>(at + 26),
        };
    }
}
