using KdRobust.Domain.Runs;

namespace KdRobust.Domain.Jobs;

/// <summary>A job as people and programs see it.</summary>
public sealed record JobView
{
    public required Guid Id { get; init; }
    /// <summary>For people, e.g. <c>train cni</c>.</summary>
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public required JobState State { get; init; }
    public required string Fingerprint { get; init; }
    public required int Attempt { get; init; }
    public required int MaxAttempts { get; init; }
    public required long Fence { get; init; }
    public required int Priority { get; init; }
    public required string? Worker { get; init; }
    public required bool CancelRequested { get; init; }
    public required JobProgress? Progress { get; init; }
    public required JobResult? Result { get; init; }
    public required JobFailure? Failure { get; init; }
    public required IReadOnlyList<Guid> DependsOn { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset? StartedAt { get; init; }
    public required DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>One line of the append-only history of a job.</summary>
public sealed record JobEventView(long Id, Guid JobId, JobState? From, JobState To, long Fence, string? Worker, string Reason, DateTimeOffset At);
