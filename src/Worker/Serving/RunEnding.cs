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
    internal override string InWords => Why switch { ReleaseReason.Cancelled => "cancelled", ReleaseReason.Paused => "paused", _ => "given back" };

    /// <summary>What a run that stopped when asked is released as.</summary>
    internal static Released For(Domain.Runs.StopReason reason) => new(reason switch
    {
        Domain.Runs.StopReason.Cancel => ReleaseReason.Cancelled,
        Domain.Runs.StopReason.Pause => ReleaseReason.Paused,
        _ => ReleaseReason.Drained,
    });
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
