using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Chores;

/// <summary>What chores log.</summary>
static partial class ChoreLog
{
    [LoggerMessage(2101, LogLevel.Information, "Schedule {Schedule} of {Owner}, due {Due:u}: experiment {Experiment} submitted")]
    public static partial void Fired(ILogger log, string schedule, string owner, DateTimeOffset due, Guid experiment);

    [LoggerMessage(2102, LogLevel.Warning, "Schedule {Schedule} of {Owner}, due {Due:u}: nothing submitted: {Reason}")]
    public static partial void NotFired(ILogger log, string schedule, string owner, DateTimeOffset due, string reason);

    [LoggerMessage(2103, LogLevel.Warning, "{Chore} tries again in a moment: {Reason}")]
    public static partial void Postponed(ILogger log, string chore, string reason);

    [LoggerMessage(2104, LogLevel.Information, "Chore {Chore} done: {Report}")]
    public static partial void Done(ILogger log, string chore, string report);

    [LoggerMessage(2105, LogLevel.Error, "Chore {Chore} failed: {Reason}")]
    public static partial void Failed(ILogger log, string chore, string reason);

    [LoggerMessage(2107, LogLevel.Debug, "The scheduler did not end in order: {Reason}")]
    public static partial void NotEnded(ILogger log, string reason);

    [LoggerMessage(2106, LogLevel.Information, "Chores run here as {Host}")]
    public static partial void Started(ILogger log, string host);
}
