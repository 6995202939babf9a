using KdRobust.Domain.Jobs;

namespace KdRobust.Worker.Serving;

/// <summary>How a run ended, as a value: what is reported follows from it alone.</summary>
abstract record RunEnding
{
    /// <summary>For the log.</summary>
    internal abstract string InWords { get; }
}

/// <summary>It ended by itself and found this.</summary>
sealed record Finished(JobResult Result) : RunEnding
{
    internal override string InWords => "finished";
}

/// <summary>It was stopped, by itself or by force.</summary>
sealed record Released(ReleaseReason Why) : RunEnding
{
    internal override string InWords => Why == ReleaseReason.Cancelled ? "cancelled" : "given back";
}

/// <summary>It failed.</summary>
sealed record Broken(JobFailure Failure) : RunEnding
{
    internal override string InWords => $"failed: {Failure.Message}";
}

/// <summary>The lease is gone; there is nothing to report.</summary>
sealed record LeaseGone : RunEnding
{
    internal override string InWords => "stopped: the lease is gone";
}
