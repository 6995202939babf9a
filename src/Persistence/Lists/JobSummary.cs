using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Persistence.Lists;

/// <summary>A job as lists show it: everything but what it computed.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">For people, e.g. <c>train cni</c>.</param>
/// <param name="Kind">E.g. <c>train</c>.</param>
/// <param name="Owner">Whose it is.</param>
/// <param name="State">Where it is in its life.</param>
/// <param name="Reason">Why it is there.</param>
/// <param name="Device">What it needs: cpu or cuda.</param>
/// <param name="Threads">Cores it takes.</param>
/// <param name="Priority">The higher the sooner.</param>
/// <param name="Attempt">Claims so far.</param>
/// <param name="MaxAttempts">Claims it may use up.</param>
/// <param name="Worker">Who has it, or had it last.</param>
/// <param name="CancelRequested">True when its worker was told to stop.</param>
/// <param name="Progress">Where it is; null unless it runs.</param>
/// <param name="Failure">What went wrong; null unless it failed.</param>
/// <param name="Seconds">Seconds of computing; null unless it succeeded.</param>
/// <param name="CreatedAt">When it was submitted.</param>
/// <param name="StartedAt">When it was first claimed.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record JobSummary(
    Guid Id, string Name, string Kind, string Owner, JobState State, string Reason, string Device, int Threads, int Priority, int Attempt, int MaxAttempts, string? Worker,
    bool CancelRequested, JobProgress? Progress, string? Failure, double? Seconds, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt);
