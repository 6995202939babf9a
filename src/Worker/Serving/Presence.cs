using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Workers;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>Tells people, through the worker's row, that this worker is there; and a service manager, by the time of a file.</summary>
sealed class Presence(WorkerStore workers, WorkerInfo self, RunProcesses processes, string sign, TimeProvider time, ILogger<Presence> log)
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
                    await workers.Seen(self.Name, processes.Libtorch, ct);
                else
                    await workers.Register(self, ct);
                registered = true;
                await File.WriteAllTextAsync(sign, $"{self.Name}\n", ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error) when (Database.IsWeather(error) || error is IOException)
            {
                WorkerLog.ReportPostponed(log, self.Name, error.Message);
            }
            await Task.Delay(registered && processes.Libtorch is null ? Every / 10 : Every, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
