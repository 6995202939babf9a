using System.Text.Json;
using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Client;

/// <summary>How the service's answers are read: as specs are, except that fields a newer service adds are passed over.</summary>
static class ServiceJson
{
    public static JsonSerializerOptions Options { get; } = new(SpecJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };
}

/// <summary>What the jobs of an experiment say together.</summary>
enum ExperimentState { Queued, Running, Succeeded, Failed, Cancelled }

/// <summary>An experiment as lists show it.</summary>
sealed record ExperimentSummary(
    Guid Id, string Name, string Title, string Owner, ExperimentState State, int RunNumber, string Fingerprint, IReadOnlyDictionary<JobState, int> JobCounts,
    DateTimeOffset CreatedAt, string? CancelledBy)
{
    [JsonIgnore]
    public bool HasEnded => State is ExperimentState.Succeeded or ExperimentState.Failed or ExperimentState.Cancelled;
}

/// <summary>A job as an experiment uses it.</summary>
sealed record ExperimentJob(string Key, bool Reused, JobView Job);

sealed record ExperimentDetail(ExperimentSummary Experiment, IReadOnlyList<ExperimentJob> Jobs, ExperimentSpec? Spec = null);

sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

sealed record JobDetail(JobView Job, IReadOnlyList<JobEventView> Events, IReadOnlyList<CheckpointInfo> Checkpoints, IReadOnlyList<Guid> Experiments, string? Waiting = null);

sealed record JobUser(Guid ExperimentId, string Name);

sealed record JobCancelled(string Outcome, IReadOnlyList<JobUser> Experiments);

sealed record KeptJob(string Key, IReadOnlyList<JobUser> Users);

sealed record ExperimentCancelled(IReadOnlyList<string> Cancelled, IReadOnlyList<KeptJob> Kept);

sealed record WorkerInfo(string Name, string Host, int ProcessId, string Device, int Cores, string Build, string? Libtorch, IReadOnlyList<string>? Labels = null);

sealed record WorkerView(
    WorkerInfo Info, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool Alive, IReadOnlyList<string> Jobs, int FreeCores = 0, double ImagesPerSecond = 0,
    DateTimeOffset? DrainRequestedAt = null, string? DrainRequestedBy = null, IReadOnlyDictionary<string, string>? Quarantined = null);

/// <summary>A job as lists show it.</summary>
sealed record JobSummary(
    Guid Id, string Name, string Kind, string Owner, JobState State, string Reason, string Device, int Threads, int Priority, int Attempt, int MaxAttempts, string? Worker,
    bool CancelRequested, JobProgress? Progress, string? Failure, double? Seconds, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);

sealed record JobAsked(string Outcome, JobState? State, string Says, IReadOnlyList<JobUser> Experiments, IReadOnlyList<Guid> TakenBack);

sealed record ExperimentJobAsked(string Key, Guid JobId, string Outcome, JobState? State, string Says);

sealed record ExperimentAsked(int Changed, IReadOnlyList<ExperimentJobAsked> Jobs);

sealed record BulkSkipped(Guid Id, string Why);

sealed record BulkDone(int Matched, int Changed, IReadOnlyList<BulkSkipped> Skipped);

sealed record QueueDepth(string State, string Kind, string Device, long Jobs, long Own);

sealed record Quota(string? Owner, string Device, int MostRunning, string SetBy, DateTimeOffset SetAt);

sealed record QueuesAnswer(IReadOnlyList<QueueDepth> Depths, long Ready, double? OldestReadySeconds, long Running, IReadOnlyList<Quota> Quotas);

sealed record PlanJob(string Key, string Name, string Kind, string Fingerprint, IReadOnlyList<string> DependsOn, Guid? Reused, JobState? ReusedState, double? Seconds, string Basis);

sealed record PlanAnswer(string Name, string Fingerprint, IReadOnlyList<PlanJob> Jobs, int New, double Seconds, int WithoutBasis);

sealed record KeyView(
    Guid Id, string Owner, string Role, string Label, DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, Guid? Replaces);

sealed record CreatedKey(string Key, KeyView Stored);

sealed record Metric(long Id, int Attempt, string Series, int Epoch, long Step, double Value);

sealed record MetricsMessage(Guid JobId, IReadOnlyList<Metric> Metrics);

/// <summary>An uploaded file of weights.</summary>
sealed record ModelFile(string Sha256, string Name, long Bytes, string Owner, DateTimeOffset CreatedAt);

sealed record StateMessage(Guid JobId, string Name, JobState? From, JobState To, int Attempt, string? Worker, string Reason, DateTimeOffset At, JobFailure? Failure);

sealed record ProgressMessage(Guid JobId, string Name, JobProgress Progress);

/// <summary>A problem document (RFC 9457) with what this service adds.</summary>
sealed record Problem(string? Type = null, string? Title = null, string? Detail = null, IReadOnlyList<SpecProblem>? Errors = null, string? TraceId = null);
