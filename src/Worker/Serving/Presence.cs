using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Workers;
using KdRobust.Queue.Slots;
using KdRobust.Worker.Devices;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Serving;

/// <summary>Tells people, through the worker's row, that this worker is there and how it does, and hears there whether it shall drain; and a service manager, by the time of a file.</summary>
sealed class Presence(
    WorkerStore workers, WorkerInfo self, RunProcesses processes, SlotDevices devices, IJobEngine engine, LeaseSettings lease, string sign, TimeProvider time, ILogger<Presence> log)
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    readonly TimeSpan every = lease.Heartbeat < Longest ? lease.Heartbeat : Longest;
    bool resting;

    /// <summary>Registers, then is seen every 10 s (more often where leases are short) until told to end.</summary>
    internal async Task Show(CancellationToken ct)
    {
        var registered = false;
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (!registered)
                    await workers.Register(self, ct);
                registered = true;
                Heed(await workers.Seen(self.Name, new WorkerReading(processes.Libtorch, engine.FreeCores, devices.ImagesPerSecond, await devices.Read(ct)), ct));
                Directory.CreateDirectory(Path.GetDirectoryName(sign)!);
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
            await Task.Delay(registered && processes.Libtorch is null ? every / 10 : every, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void Heed(bool drain)
    {
        if (drain == resting)
            return;
        resting = drain;
        if (drain)
        {
            WorkerLog.Resting(log);
            engine.Rest();
        }
        else
        {
            WorkerLog.GoesOn(log);
            engine.GoOn();
        }
    }
}
