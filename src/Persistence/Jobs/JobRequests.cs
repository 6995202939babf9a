using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Jobs;

/// <summary>What became of a person's request about a job.</summary>
public enum RequestKind
{
    /// <summary>It is so now.</summary>
    Done,
    /// <summary>It will be so when the run stops, or, for a job that waits for others, when its turn would come.</summary>
    Requested,
    /// <summary>A job in its state cannot be asked this; nothing changed.</summary>
    NotInThisState,
    /// <summary>More than one experiment uses it and nobody confirmed; nothing changed.</summary>
    Shared,
    /// <summary>A job it waits for failed or was cancelled: that one has to be retried; nothing changed.</summary>
    ParentEnded,
    /// <summary>A later submission computes the same already; nothing changed.</summary>
    Superseded,
    /// <summary>There is no such job.</summary>
    NotFound,
}

/// <summary>What became of a request, and for whom.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="State">The job's state after it; null when there is no such job.</param>
/// <param name="Says">One sentence for a person: what happened, or why nothing did and what to do.</param>
/// <param name="Users">Every experiment that uses the job and is not cancelled itself.</param>
public sealed record RequestOutcome(RequestKind Kind, JobState? State, string Says, IReadOnlyList<JobUser> Users)
{
    /// <summary>Jobs that came back with it: descendants that had been cancelled because of it.</summary>
    public IReadOnlyList<Guid> TakenBack { get; init; } = [];
}

/// <summary>What became of a request about one job of an experiment.</summary>
/// <param name="Key">The job's key in the experiment's plan.</param>
/// <param name="JobId">The job.</param>
/// <param name="Outcome">What happened.</param>
public sealed record ExperimentJobOutcome(string Key, Guid JobId, RequestOutcome Outcome);

/// <summary>What became of a request about all jobs of an experiment, in the order of its plan. Jobs that had succeeded are left out.</summary>
/// <param name="Found">False when there is no such experiment, or it is somebody else's.</param>
/// <param name="Jobs">Job by job.</param>
public sealed record ExperimentOutcome(bool Found, IReadOnlyList<ExperimentJobOutcome> Jobs)
{
    /// <summary>True when at least one job was changed or will be.</summary>
    public bool Changed => Jobs.Any(job => job.Outcome.Kind is RequestKind.Done or RequestKind.Requested);
}

/// <summary>Where a retried job begins.</summary>
public enum RetryFrom
{
    /// <summary>At its newest resume point, or at the beginning when it has none.</summary>
    Checkpoint,
    /// <summary>At the beginning: its resume points are forgotten.</summary>
    Scratch,
}
