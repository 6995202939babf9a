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
    /// <summary>A person asked for a pause that has not begun: the job runs, or waits for a parent.</summary>
    public bool PauseRequested { get; init; }
    /// <summary>Since when it is paused; null in every other state.</summary>
    public DateTimeOffset? PausedAt { get; init; }
    /// <summary>When it was found to run without making progress; an alarm only. Null otherwise.</summary>
    public DateTimeOffset? StalledAt { get; init; }
    /// <summary>It is not claimed before; meaningful while it is Queued.</summary>
    public DateTimeOffset? NotBefore { get; init; }
    /// <summary>GPU memory it asks for, in GiB; 0 asks for none.</summary>
    public int GpuMemoryGiB { get; init; }
    /// <summary>Labels a worker must offer.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
    /// <summary>Images of a pass after memory ran out at more; null while the payload's holds.</summary>
    public int? MicroBatch { get; init; }
    /// <summary>The job whose end cancelled this one; null when a person did, or nothing.</summary>
    public Guid? CancelledWith { get; init; }
}

/// <summary>One line of the append-only history of a job: a transition, or, where From and To are the same, a remark about it (a new priority, a request to pause, an alarm).</summary>
public sealed record JobEventView(long Id, Guid JobId, JobState? From, JobState To, long Fence, string? Worker, string Reason, DateTimeOffset At);
