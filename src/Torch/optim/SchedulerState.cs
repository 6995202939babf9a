using static TorchSharp.torch.optim.lr_scheduler;

namespace KdRobust.Torch;

/// <summary>Where a schedule stands. The groups' present rates belong to the optimizer's state (<see cref="OptimizerCheckpoint"/>).</summary>
/// <param name="LastEpoch">Steps taken, less one: 0 right after construction.</param>
/// <param name="StepCount">Calls of step on the object, the constructor's included.</param>
/// <param name="BaseRates">The rates the schedule starts from, one a group.</param>
/// <param name="LastRates">The rates set last, one a group.</param>
public sealed record SchedulerState(int LastEpoch, int StepCount, IReadOnlyList<double> BaseRates, IReadOnlyList<double> LastRates);

/// <summary>Stopping and resuming a schedule.</summary>
public static class SchedulerCheckpoint
{
    /// <summary>Where the schedule stands.</summary>
    public static SchedulerState CaptureState(this LRScheduler scheduler)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        return new(scheduler.LastEpoch, scheduler.StepCount, [.. scheduler.BaseRates], [.. scheduler.LastRates]);
    }

    /// <summary>
    /// Puts a schedule that was constructed with the same arguments where another one stood. Restore the optimizer's
    /// state after constructing the schedule: the constructor sets the rates of its first step.
    /// </summary>
    /// <exception cref="ArgumentException">The state is of another number of groups.</exception>
    public static void RestoreState(this LRScheduler scheduler, SchedulerState state)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(state);
        if (state.BaseRates.Count != scheduler.BaseRates.Length || state.LastRates.Count != scheduler.LastRates.Length)
            throw new ArgumentException($"The schedule has {scheduler.BaseRates.Length} groups, its stored state {state.BaseRates.Count}.", nameof(state));
        scheduler.LastEpoch = state.LastEpoch;
        scheduler.StepCount = state.StepCount;
        scheduler.BaseRates = [.. state.BaseRates];
        scheduler.LastRates = [.. state.LastRates];
    }
}
