using KdRobust.Persistence.Schema;
using KdRobust.Queue.Leases;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>The lease of the job at hand is gone: stop, write nothing.</summary>
sealed class LeaseLostException() : Exception("the lease is gone");

/// <summary>Talks to the database about a job for as long as its lease lasts, whatever the weather.</summary>
static class UnderLease
{
    static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(2);

    /// <summary>Does something that may be repeated, until it gets through.</summary>
    /// <exception cref="LeaseLostException">The lease ended before.</exception>
    internal static async Task<T> Try<T>(LeaseKeeper lease, string name, ILogger log, Func<CancellationToken, Task<T>> action)
    {
        for (var pause = First; ; pause = pause * 2 < Longest ? pause * 2 : Longest)
        {
            try
            {
                lease.Lost.ThrowIfCancellationRequested();
                return await action(lease.Lost);
            }
            catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested)
            {
                throw new LeaseLostException();
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                WorkerLog.ReportPostponed(log, name, error.Message);
                await Task.Delay(pause, lease.Lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
