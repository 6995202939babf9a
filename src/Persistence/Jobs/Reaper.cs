using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Sweeps;
using Microsoft.Extensions.Logging;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// Looks for dead workers on a timer and, now and then, collects chunks that nothing names; an API's also leads halvings to their next rung. Every worker and every API
/// runs one, so that jobs of dead workers come back while any of them lives; it depends on no queue engine.
/// </summary>
public sealed partial class Reaper(JobStore jobs, CheckpointStore checkpoints, SweepStore? sweeps, LeaseSettings settings, TimeProvider time, ILogger<Reaper> log)
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
                var report = await jobs.Sweep(ct);
                if (report.Total > 0)
                {
                    JobMeter.Swept(report);
                    Swept(log, report.Requeued, report.Failed, report.Cancelled, report.Paused);
                }
                if (report.Stalled > 0)
                    Stalled(log, report.Stalled);
                if (sweeps is not null && await sweeps.DecideRungs(ct) is > 0 and var rungs)
                    Decided(log, rungs);
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

    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "took jobs from workers that were not heard of: {Requeued} back to the queue, {Failed} failed, {Cancelled} cancelled, {Paused} paused")]
    static partial void Swept(ILogger log, int requeued, int failed, int cancelled, int paused);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Warning, Message = "{Jobs} running jobs have made no progress for longer than their kind should be silent; their histories say which")]
    static partial void Stalled(ILogger log, int jobs);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Information, Message = "deleted {Chunks} chunks that no checkpoint and no uploaded file names")]
    static partial void Collected(ILogger log, int chunks);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Information, Message = "decided {Rungs} rung(s) of sweeps")]
    static partial void Decided(ILogger log, int rungs);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Warning, Message = "could not look for dead workers: {Reason}")]
    static partial void Postponed(ILogger log, string reason);
}
