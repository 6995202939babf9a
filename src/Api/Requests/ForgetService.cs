using KdRobust.Persistence.Idempotency;
using KdRobust.Persistence.Schema;

namespace KdRobust.Api.Requests;

/// <summary>Deletes answers that nobody can ask for again, every quarter of an hour.</summary>
sealed class ForgetService(IdempotencyStore store, TimeProvider time, ILogger<ForgetService> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromMinutes(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await store.Forget(stoppingToken);
                }
                catch (Exception error) when (Database.IsWeather(error))
                {
                    ApiLog.DatabaseAway(log, error.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return; // The service stops.
        }
    }
}
