using Hangfire.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using HangfireLevel = Hangfire.Logging.LogLevel;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace KdRobust.Queue.Hangfire;

/// <summary>Every message of this engine.</summary>
static partial class HangfireLog
{
    [LoggerMessage(EventId = 2101, Level = LogLevel.Debug, Message = "Hangfire's job {HangfireId} stands for '{Name}' ({JobId}), {State}")]
    internal static partial void Made(ILogger log, string hangfireId, string name, Guid jobId, string state);

    [LoggerMessage(EventId = 2102, Level = LogLevel.Warning, Message = "Hangfire's jobs could not be brought up to date: {Reason}")]
    internal static partial void Postponed(ILogger log, string reason);

    [LoggerMessage(EventId = 2103, Level = LogLevel.Information, Message = "takes jobs from Hangfire's queue {Queue} with {Slots} threads")]
    internal static partial void Serving(ILogger log, string queue, int slots);
}

/// <summary>What Hangfire itself says, from warnings on, among our own lines: what it does every day is said by the rows.</summary>
/// <param name="loggers">Where it goes.</param>
sealed class HangfireLogs(ILoggerFactory loggers) : ILogProvider
{
    public ILog GetLogger(string name)
    {
        try
        {
            return new Lines(loggers.CreateLogger(name));
        }
        catch (ObjectDisposedException)
        {
            // Hangfire keeps one of these a process, whoever it was made for has ended.
            return new Lines(NullLogger.Instance);
        }
    }

    sealed class Lines(ILogger log) : ILog
    {
        public bool Log(HangfireLevel logLevel, Func<string>? messageFunc, Exception? exception)
        {
            if (logLevel < HangfireLevel.Warn)
                return false;
            var level = logLevel == HangfireLevel.Warn ? LogLevel.Warning : LogLevel.Error;
            if (messageFunc is not null && log.IsEnabled(level))
                log.Log(level, default, messageFunc(), exception, static (text, _) => text);
            return log.IsEnabled(level);
        }
    }
}
