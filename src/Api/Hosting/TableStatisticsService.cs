using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Hosting;

/// <summary>Keeps the server's plans right while tables grow fast; see <see cref="TableStatistics"/>.</summary>
sealed class TableStatisticsService(TableStatistics statistics, TimeProvider time, ILogger<TableStatistics> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var told = false;
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await statistics.Refresh(stoppingToken);
                    told = false;
                }
                catch (Exception error) when (Database.IsWeather(error) && !stoppingToken.IsCancellationRequested)
                {
                    // Plans stay what they were; once a storm is enough.
                    if (!told) ApiLog.StatisticsPostponed(log, error.Message);
                    told = true;
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The service ends.
        }
    }
}
