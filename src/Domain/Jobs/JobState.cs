namespace KdRobust.Domain.Jobs;

/// <summary>The states of a job row, stored as this text.</summary>
public enum JobState { Blocked, Queued, Running, Paused, Succeeded, Failed, Cancelled }

/// <summary>What can happen to a job.</summary>
public enum JobTrigger
{
    /// <summary>The last parent succeeded.</summary>
    Unblock,
    /// <summary>A parent failed or was cancelled.</summary>
    UpstreamEnded,
    /// <summary>A slot took it.</summary>
    Claim,
    /// <summary>The run ended well.</summary>
    Complete,
    /// <summary>The run failed and attempts are left.</summary>
    FailForRetry,
    /// <summary>The run failed for good.</summary>
    FailForGood,
    /// <summary>A person asked for cancellation, or a running job gave itself up for one.</summary>
    Cancel,
    /// <summary>The worker drains: the job goes back without losing an attempt.</summary>
    Drain,
    /// <summary>The lease ran out and the job may run again.</summary>
    LeaseLost,
}

/// <summary>
/// The one table of transitions. The store's statements, the database's trigger and docs/job-states.md say the same;
/// tests compare them. Whatever is not in the table does not happen: the caller is late.
/// </summary>
public static class JobTransitions
{
    /// <summary>State after <paramref name="trigger"/>, or null when the pair is not in the table.</summary>
    public static JobState? Next(JobState state, JobTrigger trigger) => (state, trigger) switch
    {
        (JobState.Blocked, JobTrigger.Unblock) => JobState.Queued,
        (JobState.Blocked, JobTrigger.UpstreamEnded) => JobState.Cancelled,
        (JobState.Blocked or JobState.Queued or JobState.Paused or JobState.Running, JobTrigger.Cancel) => JobState.Cancelled,
        (JobState.Queued, JobTrigger.Claim) => JobState.Running,
        (JobState.Running, JobTrigger.Complete) => JobState.Succeeded,
        (JobState.Running, JobTrigger.FailForRetry or JobTrigger.Drain or JobTrigger.LeaseLost) => JobState.Queued,
        (JobState.Running, JobTrigger.FailForGood) => JobState.Failed,
        _ => null,
    };

    /// <summary>Succeeded, Failed and Cancelled never change again.</summary>
    public static bool IsTerminal(this JobState state) => state is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}
