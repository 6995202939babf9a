using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>Why a fence would grow.</summary>
enum FenceCause { Claim, Reap, Retry }

/// <summary>What the model goes by: the table of transitions, and what docs/job-states.md says besides. A test of the check itself changes one of these.</summary>
sealed record LifeRules
{
    /// <summary>Claims a job of the model may use up.</summary>
    internal const int MaxAttempts = 2;

    /// <summary>More deaths than these make no difference: the next is the last.</summary>
    internal const int MostCrashes = RetryPolicy.MaxCrashes - 1;

    /// <summary>The table.</summary>
    internal Func<JobState, JobTrigger, JobState?> Next { get; init; } = JobTransitions.Next;

    /// <summary>What raises a fence.</summary>
    internal Func<FenceCause, bool> Grows { get; init; } = _ => true;

    /// <summary>A result that comes after a cancel was asked for cancels the job.</summary>
    internal bool CancelWins { get; init; } = true;

    /// <summary>A write names its fence and is refused under an older one.</summary>
    internal bool WritesNameTheirFence { get; init; } = true;

    /// <summary>Workers look for work without being woken.</summary>
    internal bool Polls { get; init; } = true;

    /// <summary>The reaper waits one lease after a start of the server.</summary>
    internal bool SweepWaitsForYoungServer { get; init; } = true;

    /// <summary>A job that ends badly takes along what waits for it.</summary>
    internal bool Cascades { get; init; } = true;
}
