using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Hosting;

/// <summary>
/// Sweeps for jobs whose lease ran out. Every worker and every API does so; the store lets one at a time. Without it
/// here, jobs of the last worker to die would stay "running" for as long as no worker comes back.
/// </summary>
sealed class ReaperService(JobStore jobs, LeaseSettings lease, TimeProvider time, ILogger<ReaperService> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(lease.Sweep, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await jobs.Sweep(stoppingToken) is { Total: > 0 } swept) ApiLog.Swept(log, swept.Requeued, swept.Failed, swept.Cancelled);
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                ApiLog.DatabaseAway(log, error.Message);
            }
        }
    }
}
