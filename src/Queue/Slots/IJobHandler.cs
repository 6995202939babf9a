using KdRobust.Domain.Jobs;
using KdRobust.Queue.Leases;

namespace KdRobust.Queue.Slots;

/// <summary>What a slot computes on.</summary>
/// <param name="On">The device, by whose health it is decided whether it gets work; null where nobody keeps count.</param>
/// <param name="FreeGpuMemoryMiB">GPU memory that is free; null when nobody can tell.</param>
public sealed record SlotDevice(DeviceName? On, int? FreeGpuMemoryMiB);

/// <summary>What a slot does with the jobs it claims.</summary>
public interface IJobHandler
{
    /// <summary>Called before every claim: returns when this slot could begin a job at once.</summary>
    Task Prepare(int slot, CancellationToken ct);

    /// <summary>What a slot computes on now, asked before every claim.</summary>
    ValueTask<SlotDevice> DeviceOf(int slot, CancellationToken ct) => new(new SlotDevice(null, null));

    /// <summary>
    /// Runs a job to its end and reports it. Returns without reporting when the lease is lost; leaves nothing running.
    /// Throws only what is a bug.
    /// </summary>
    /// <param name="slot">Which slot, from 0.</param>
    /// <param name="job">The job.</param>
    /// <param name="lease">Its lease, kept until this returns.</param>
    /// <param name="draining">Set when the worker shuts down: stop after a resume point and give the job back.</param>
    Task Handle(int slot, ClaimedJob job, LeaseKeeper lease, CancellationToken draining);
}
