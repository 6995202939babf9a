using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Persistence.Overviews;

/// <summary>What a service does at one moment, for a person who looks.</summary>
/// <param name="At">The database's clock when it was read.</param>
/// <param name="Queues">Jobs by kind and state.</param>
/// <param name="Running">Jobs that are computed now, longest first.</param>
/// <param name="Retrying">Jobs whose last attempt failed and that are tried again, next one first.</param>
/// <param name="Failures">Jobs that failed for good, newest first.</param>
public sealed record Overview(
    DateTimeOffset At, IReadOnlyList<QueueCount> Queues, IReadOnlyList<RunningJob> Running, IReadOnlyList<TroubledJob> Retrying, IReadOnlyList<TroubledJob> Failures);

/// <summary>How many jobs of a kind are in a state.</summary>
public sealed record QueueCount(string Kind, JobState State, long Count);

/// <summary>A job that is computed now.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">For people.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Experiment">The newest experiment that uses it.</param>
/// <param name="ExperimentName">That experiment's name.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="MaxAttempts">After which it is not tried again.</param>
/// <param name="Worker">Who computes it.</param>
/// <param name="StartedAt">When it was first claimed.</param>
/// <param name="HeardAt">When its worker was last heard of.</param>
/// <param name="LeaseUntil">Until when the worker may be silent.</param>
/// <param name="CancelRequested">True when it was asked to stop.</param>
/// <param name="Progress">Where it is; null before it says.</param>
public sealed record RunningJob(
    Guid Id, string Name, string Kind, Guid? Experiment, string? ExperimentName, int Attempt, int MaxAttempts, string? Worker,
    DateTimeOffset? StartedAt, DateTimeOffset? HeardAt, DateTimeOffset? LeaseUntil, bool CancelRequested, JobProgress? Progress);

/// <summary>A job that failed, for good or for now.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">For people.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Experiment">The newest experiment that uses it.</param>
/// <param name="ExperimentName">That experiment's name.</param>
/// <param name="Attempt">Attempts so far.</param>
/// <param name="MaxAttempts">After which it is not tried again.</param>
/// <param name="Failure">Why.</param>
/// <param name="FailedAt">When it failed for good; null while it is tried again.</param>
/// <param name="NextAttemptAt">When it may be tried again; null when it is not.</param>
public sealed record TroubledJob(
    Guid Id, string Name, string Kind, Guid? Experiment, string? ExperimentName, int Attempt, int MaxAttempts, JobFailure Failure,
    DateTimeOffset? FailedAt, DateTimeOffset? NextAttemptAt);
