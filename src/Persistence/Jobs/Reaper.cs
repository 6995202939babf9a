using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Microsoft.Extensions.Logging;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// Runs the sweep on a timer and, now and then, the collection of chunks that nothing names. Every worker and every API
/// runs one, so that jobs of dead workers come back while any of them lives; it depends on no queue engine.
/// </summary>
public sealed partial class Reaper(JobStore jobs, CheckpointStore checkpoints, LeaseSettings settings, TimeProvider time, ILogger<Reaper> log)
{
    static readonly TimeSpan CollectEvery = TimeSpan.FromMinutes(10);

    // Several times as long as a writer leaves its chunks untouched before it names them.
    static readonly TimeSpan UntouchedFor = TimeSpan.FromHours(1);

    /// <summary>Sweeps until told to end. Bad weather is logged and waited out.</summary>
    public async Task Run(CancellationToken ct)
    {
        var collected = time.GetTimestamp();
        using var timer = new PeriodicTimer(settings.Sweep, time);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (await jobs.Sweep(ct) is { Total: > 0 } report)
                {
                    JobMeter.Swept(report);
                    Swept(log, report.Requeued, report.Failed, report.Cancelled);
                }
                if (time.GetElapsedTime(collected) > CollectEvery)
                {
                    collected = time.GetTimestamp();
                    if (await checkpoints.CollectGarbage(UntouchedFor, ct) is > 0 and var chunks)
                        Collected(log, chunks);
                }
                await timer.WaitForNextTickAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                Postponed(log, error.Message);
                await Task.Delay(settings.Sweep, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "took jobs from workers that were not heard of: {Requeued} back to the queue, {Failed} failed, {Cancelled} cancelled")]
    static partial void Swept(ILogger log, int requeued, int failed, int cancelled);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Information, Message = "deleted {Chunks} chunks that no checkpoint and no uploaded file names")]
    static partial void Collected(ILogger log, int chunks);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Warning, Message = "could not look for dead workers: {Reason}")]
    static partial void Postponed(ILogger log, string reason);
}
