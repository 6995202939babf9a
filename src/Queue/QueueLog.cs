using Microsoft.Extensions.Logging;

namespace KdRobust.Queue;

/// <summary>Every message of the queue.</summary>
static partial class QueueLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Information, Message = "slot {Slot} took {Name} ({JobId}), attempt {Attempt}, fence {Fence}")]
    internal static partial void Claimed(ILogger log, int slot, string name, Guid jobId, int attempt, long fence);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Warning, Message = "slot {Slot} could not ask for work: {Reason}")]
    internal static partial void ClaimFailed(ILogger log, int slot, string reason);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "heartbeat of job {JobId} did not get through: {Reason}")]
    internal static partial void HeartbeatMissed(ILogger log, Guid jobId, string reason);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Error, Message = "job {JobId}: no heartbeat was accepted for {Seconds} s, so the lease may be gone; stopping the run")]
    internal static partial void LeaseTimedOut(ILogger log, Guid jobId, double seconds);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Error, Message = "job {JobId} was taken from this worker; stopping the run")]
    internal static partial void LeaseTaken(ILogger log, Guid jobId);
}
