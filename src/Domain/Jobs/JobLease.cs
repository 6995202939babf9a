namespace KdRobust.Domain.Jobs;

/// <summary>
/// The right to work on a job: every write of a worker names it, and counts only while the row is Running under the same
/// fence. Fences only grow.
/// </summary>
public sealed record JobLease(Guid JobId, long Fence, string Worker);

/// <summary>A claimed job with all a run needs.</summary>
/// <param name="Lease">The fence of this attempt.</param>
/// <param name="Attempt">1 for the first.</param>
/// <param name="DisplayName">For people, e.g. <c>train cni</c>.</param>
/// <param name="Payload">What to run.</param>
/// <param name="Inputs">Role to stored output of a parent.</param>
/// <param name="Resume">The newest registered checkpoint of this job, or null.</param>
/// <param name="LeaseLength">How long the lease lasts without a heartbeat.</param>
public sealed record ClaimedJob(
    JobLease Lease,
    int Attempt,
    string DisplayName,
    JobPayload Payload,
    IReadOnlyDictionary<string, CheckpointInfo> Inputs,
    CheckpointInfo? Resume,
    TimeSpan LeaseLength)
{
    /// <summary>Images of a training's pass in place of the payload's, after memory ran out; null otherwise.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>The span that asked for the job, as a W3C traceparent, so that one trace goes from the request to the job's end; null when nobody traced.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>A stored checkpoint or output.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Role">Resume point or final output.</param>
/// <param name="Name">Output name, or <c>resume</c>.</param>
/// <param name="Epoch">Epochs finished when it was taken.</param>
/// <param name="Step">Steps finished inside the running epoch.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256 of the whole content, lower-case hex.</param>
public sealed record CheckpointInfo(Guid Id, CheckpointRole Role, string Name, int Epoch, int Step, long Bytes, string Sha256);

/// <summary>Why a checkpoint is kept.</summary>
public enum CheckpointRole { Resume, Output }

/// <summary>The answer to a heartbeat.</summary>
public enum HeartbeatReply
{
    /// <summary>Go on.</summary>
    Continue,
    /// <summary>Someone asked for cancellation: stop and release.</summary>
    Cancel,
    /// <summary>Someone asked for a pause: take a resume point, stop and release.</summary>
    Pause,
    /// <summary>The lease is gone: stop at once, write nothing.</summary>
    Lost,
}

/// <summary>Why a run failed.</summary>
/// <param name="Kind">Whether trying again can help.</param>
/// <param name="Message">One line for a person: what happened and what to do.</param>
/// <param name="Detail">Stack or more lines; may be empty.</param>
public sealed record JobFailure(FailureKind Kind, string Message, string Detail);

/// <summary>Whether trying again can help.</summary>
public enum FailureKind
{
    /// <summary>Weather: retried with backoff while attempts are left.</summary>
    Transient,
    /// <summary>The same input fails again: no retry.</summary>
    Permanent,
    /// <summary>The run process died; counted since the last registered checkpoint, failed for good at the third.</summary>
    Crash,
    /// <summary>Memory ran out: a training is tried again with smaller passes; anything else as after a crash.</summary>
    OutOfMemory,
    /// <summary>The device failed, by the name of its error; counted as a crash of the job and against the device.</summary>
    Hardware,
}

/// <summary>What became of a reported failure.</summary>
public enum FailOutcome { WillRetry, Final, Lost }

/// <summary>Why a worker gives a job back; <c>NoRoom</c>: it cannot write the job's files.</summary>
public enum ReleaseReason { Cancelled, Drained, Paused, NoRoom }

/// <summary>What a sweep of the reaper did.</summary>
public sealed record SweepReport(int Requeued, int Failed, int Cancelled)
{
    /// <summary>Jobs a person had asked to pause.</summary>
    public int Paused { get; init; }

    /// <summary>Jobs taken from their workers.</summary>
    public int Total => Requeued + Failed + Cancelled + Paused;

    /// <summary>Running jobs found without progress for longer than their kind may be; they run on.</summary>
    public int Stalled { get; init; }
}
