using KdRobust.Persistence.Jobs;

namespace KdRobust.Api.Hosting;

/// <summary>
/// The reaper beside the API. Every worker runs one too; the store lets one sweep at a time. Without it here, jobs of the
/// last worker to die would stay "running" for as long as no worker comes back.
/// </summary>
sealed class ReaperService(Reaper reaper) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => reaper.Run(stoppingToken);
}
