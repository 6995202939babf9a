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

sealed record ExperimentDetail(ExperimentSummary Experiment, IReadOnlyList<ExperimentJob> Jobs);

sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

sealed record JobDetail(JobView Job, IReadOnlyList<JobEventView> Events, IReadOnlyList<CheckpointInfo> Checkpoints, IReadOnlyList<Guid> Experiments);

sealed record JobUser(Guid ExperimentId, string Name);

sealed record JobCancelled(string Outcome, IReadOnlyList<JobUser> Experiments);

sealed record KeptJob(string Key, IReadOnlyList<JobUser> Users);

sealed record ExperimentCancelled(IReadOnlyList<string> Cancelled, IReadOnlyList<KeptJob> Kept);

sealed record WorkerInfo(string Name, string Host, int ProcessId, string Device, int Cores, string Build, string? Libtorch);

sealed record WorkerView(WorkerInfo Info, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool Alive, IReadOnlyList<string> Jobs);

/// <summary>An uploaded file of weights.</summary>
sealed record ModelFile(string Sha256, string Name, long Bytes, string Owner, DateTimeOffset CreatedAt);

sealed record StateMessage(Guid JobId, string Name, JobState? From, JobState To, int Attempt, string? Worker, string Reason, DateTimeOffset At, JobFailure? Failure);

sealed record ProgressMessage(Guid JobId, string Name, JobProgress Progress);

/// <summary>A problem document (RFC 9457) with what this service adds.</summary>
sealed record Problem(string? Title = null, string? Detail = null, IReadOnlyList<SpecProblem>? Errors = null, string? TraceId = null, string? Type = null);
