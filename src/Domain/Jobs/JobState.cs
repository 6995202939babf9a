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
    /// <summary>A person asked for a pause, or a running job gave itself up for one.</summary>
    Pause,
    /// <summary>The last parent succeeded, and a person had asked for a pause before.</summary>
    UnblockPaused,
    /// <summary>A person lets a paused job go on.</summary>
    Resume,
    /// <summary>A person wants an ended job tried again, and everything it waits for has succeeded.</summary>
    Retry,
    /// <summary>The same, and something it waits for is still to be done: that was asked for again, or this was.</summary>
    RetryBlocked,
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
        (JobState.Queued or JobState.Running, JobTrigger.Pause) => JobState.Paused,
        (JobState.Blocked, JobTrigger.UnblockPaused) => JobState.Paused,
        (JobState.Paused, JobTrigger.Resume) => JobState.Queued,
        (JobState.Failed or JobState.Cancelled, JobTrigger.Retry) => JobState.Queued,
        (JobState.Cancelled, JobTrigger.RetryBlocked) => JobState.Blocked,
        _ => null,
    };

    /// <summary>Succeeded, Failed and Cancelled: nothing changes such a job but a person who asks for a failed or cancelled one again.</summary>
    public static bool IsTerminal(this JobState state) => state is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}
