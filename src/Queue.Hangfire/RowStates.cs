using Hangfire.States;
using KdRobust.Domain.Jobs;

namespace KdRobust.Queue.Hangfire;

/// <summary>What Hangfire shows of a row: one state of Hangfire's for each of ours.</summary>
static class RowStates
{
    internal const string Awaiting = "Awaiting", Processing = "Processing";

    /// <summary>
    /// The state that says what the row says. A ready job awaits its turn here: it is put into a queue only when a slot is
    /// free for it and its turn has come, because Hangfire's queues know neither.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="because">In place of the row's own reason.</param>
    internal static IState For(MirroredRow row, string? because = null) => row.State switch
    {
        JobState.Queued when row.Wait > TimeSpan.Zero => new ScheduledState(row.Wait) { Reason = because ?? row.Reason },
        JobState.Blocked or JobState.Queued or JobState.Paused => new AwaitingRow { Reason = because ?? row.Reason },
        JobState.Running => new RunningRow(new Dictionary<string, string>(StringComparer.Ordinal) { ["ServerId"] = row.Worker ?? "", ["WorkerId"] = "" }) { Reason = because ?? row.Reason },
        JobState.Succeeded => new SucceededState(null, (long)row.Waited.TotalMilliseconds, (long)row.Took.TotalMilliseconds) { Reason = because ?? row.Reason },
        JobState.Failed => new FailedState(new RowFailedException(row.Reason)) { Reason = because ?? "the job failed for good" },
        _ => new DeletedState { Reason = because ?? row.Reason },
    };

    /// <summary>Whether Hangfire says what the row says.</summary>
    internal static bool Agree(MirroredRow row) => row.State switch
    {
        JobState.Queued => row.IsUnderWay || row.HangfireState == (row.Wait > TimeSpan.Zero ? ScheduledState.StateName : Awaiting),
        JobState.Blocked or JobState.Paused => row.HangfireState == Awaiting,
        JobState.Running => row.HangfireState == Processing,
        JobState.Succeeded => row.HangfireState == SucceededState.StateName,
        JobState.Failed => row.HangfireState == FailedState.StateName,
        _ => row.HangfireState == DeletedState.StateName,
    };
}

/// <summary>Put into the queue of its resource, under the row's fence at that moment.</summary>
sealed class EnqueuedRow(string queue, long fence) : EnqueuedState(queue)
{
    internal long Fence => fence;
}

/// <summary>Blocked, paused, or ready and waiting for its turn.</summary>
sealed class AwaitingRow : IState
{
    /// <summary>Hangfire's pages look up what such a job waits for, and fail where there is nothing: it is its own.</summary>
    internal string? ParentId { get; set; }

    public string Name => RowStates.Awaiting;
    public string? Reason { get; init; }
    public bool IsFinal => false;
    public bool IgnoreJobLoadException => false;

    public Dictionary<string, string> SerializeData() => new(StringComparer.Ordinal) { ["ParentId"] = ParentId ?? "" };
}

/// <summary>Running, and not by the worker thread that says so.</summary>
sealed class RunningRow(IDictionary<string, string> data) : IState
{
    public string Name => RowStates.Processing;
    public string? Reason { get; init; }
    public bool IsFinal => false;
    public bool IgnoreJobLoadException => false;

    public Dictionary<string, string> SerializeData() => new(data, StringComparer.Ordinal);
}

/// <summary>How a job failed, for Hangfire's page of failed jobs.</summary>
sealed class RowFailedException(string message) : Exception(message);
