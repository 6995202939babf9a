using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Workers;
using KdRobust.Queue.Slots;
using Microsoft.Extensions.Logging;

namespace KdRobust.Worker.Devices;

/// <summary>What each slot of this worker computes on, how it does, and what its jobs said of it.</summary>
sealed class SlotDevices(WorkerOptions options, NvidiaSmi smi, DeviceStore health, ILogger<SlotDevices> log)
{
    readonly double[] rates = new double[options.Slots];
    // What happened before this worker started is not known here, so the first success is always told.
    readonly bool[] suspected = [.. Enumerable.Repeat(true, options.Slots)];

    /// <summary>Images a second of the running jobs together, as they said last.</summary>
    internal double ImagesPerSecond => rates.Sum();

    /// <summary>The device of a slot: all slots of a CPU share it.</summary>
    internal DeviceName NameOf(int slot) => new(Environment.MachineName, options.Device == DeviceKind.Cuda ? $"cuda:{options.Gpus[slot]}" : "cpu");

    /// <summary>What a slot offers now.</summary>
    internal async ValueTask<SlotDevice> OfferOf(int slot, CancellationToken ct)
    {
        if (options.Device != DeviceKind.Cuda)
            return new SlotDevice(NameOf(slot), null);
        var mine = (await smi.Read(ct)).FirstOrDefault(gpu => gpu.ForPeople.Device == NameOf(slot).Device);
        return new SlotDevice(NameOf(slot), mine?.MemoryFreeMiB);
    }

    /// <summary>Every device of this worker, read now.</summary>
    internal async Task<IReadOnlyList<DeviceReading>> Read(CancellationToken ct)
    {
        if (options.Device != DeviceKind.Cuda)
            return [new DeviceReading("cpu", null, null, null, null)];
        var known = await smi.Read(ct);
        return [.. Enumerable.Range(0, options.Slots).Select(slot => NameOf(slot).Device).Select(device =>
            known.Select(gpu => gpu.ForPeople).FirstOrDefault(gpu => gpu.Device == device) ?? new DeviceReading(device, null, null, null, null))];
    }

    /// <summary>Keeps the speed a slot's job told; 0 when it ended.</summary>
    internal void Rate(int slot, double imagesPerSecond) => rates[slot] = imagesPerSecond;

    /// <summary>Counts how a job ended for or against its device.</summary>
    internal async Task JobEnded(int slot, bool succeeded, JobFailure? failure)
    {
        var on = NameOf(slot);
        try
        {
            if (succeeded && suspected[slot])
            {
                await health.RecordSuccess(on);
                suspected[slot] = false;
            }
            else if (failure is { Kind: FailureKind.Hardware })
            {
                suspected[slot] = true;
                var name = DeviceFault.HardwareErrorIn($"{failure.Message}\n{failure.Detail}") ?? "an error of the hardware";
                WorkerLog.HardwareError(log, on.Device, name);
                if (await health.RecordError(on, $"{name}: {failure.Message}"))
                    WorkerLog.Quarantined(log, on.Device, on.Host);
            }
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            // The next error counts; a success that is not told is made good by the next.
            suspected[slot] = true;
            WorkerLog.ReportPostponed(log, on.Device, error.Message);
        }
    }
}
