using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Workers;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>Tells people, through the worker's row, that this worker is there.</summary>
sealed class Presence(WorkerStore workers, WorkerInfo self, RunProcesses processes, TimeProvider time, ILogger<Presence> log)
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    /// <summary>Registers, then is seen every 10 s until told to end.</summary>
    internal async Task Show(CancellationToken ct)
    {
        var registered = false;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (registered)
                    await workers.Seen(self.Name, new WorkerReading(processes.Libtorch, 0, 0, []), ct);
                else
                    await workers.Register(self, ct);
                registered = true;
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                WorkerLog.ReportPostponed(log, self.Name, error.Message);
            }
            await Task.Delay(registered && processes.Libtorch is null ? Every / 10 : Every, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
