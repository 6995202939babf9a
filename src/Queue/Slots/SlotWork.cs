using System.Collections.Concurrent;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Leases;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Slots;

/// <summary>What is the same under every engine: a slot claims within the cores that are free and works on what it got under a kept lease.</summary>
/// <param name="parts">The rows, the handler and the lease.</param>
/// <param name="log">Told of every claim.</param>
/// <param name="freed">Called when a job has ended and its cores are free.</param>
sealed class SlotWork(EngineParts parts, ILogger log, Action freed)
{
    readonly CoreBudget cores = new(parts.Settings.Cores);
    // One claim at a time, so that the cores it offers are still free when it gets a job.
    readonly SemaphoreSlim claiming = new(1, 1);
    readonly ConcurrentDictionary<Guid, LeaseKeeper> running = [];
    readonly Lock guard = new();
    CancellationTokenSource resting = new();

    /// <summary>Cores no job uses.</summary>
    internal int FreeCores => cores.Free;

    /// <summary>Set while the worker shall take no work; work that runs is given back when it is set.</summary>
    internal CancellationToken Resting
    {
        get
        {
            lock (guard)
                return resting.Token;
        }
    }

    /// <inheritdoc cref="IJobEngine.Rest"/>
    internal void Rest()
    {
        lock (guard)
            resting.CancelThroughWeatherNow();
    }

    /// <inheritdoc cref="IJobEngine.GoOn"/>
    internal void GoOn()
    {
        lock (guard)
        {
            // Not disposed: jobs that were told by it may still look at it.
            if (resting.IsCancellationRequested)
                resting = new CancellationTokenSource();
        }
    }

    /// <summary>What a slot offers now.</summary>
    internal async Task<WorkerOffer> Offer(int slot, CancellationToken ct)
    {
        var device = await parts.Handler.DeviceOf(slot, ct);
        return new WorkerOffer(parts.Settings.Worker, cores.Free, parts.Settings.Device) { Labels = parts.Settings.Labels, On = device.On, FreeGpuMemoryMiB = device.FreeGpuMemoryMiB };
    }

    /// <summary>Claims a job for a slot.</summary>
    /// <param name="slot">Which slot.</param>
    /// <param name="claim">Asks the job store.</param>
    /// <param name="draining">Ends the wait for other claims; a claim that was sent is always heard.</param>
    /// <returns>The job and the moment before the claim was sent; null when there was none.</returns>
    internal async Task<(ClaimedJob? Job, long Sent)> Claim(int slot, Func<WorkerOffer, CancellationToken, Task<ClaimedJob?>> claim, CancellationToken draining)
    {
        await claiming.WaitAsync(draining);
        try
        {
            if (cores.Free == 0)
                return (null, 0);
            var offer = await Offer(slot, draining);
            var sent = parts.Time.GetTimestamp();
            // Not given up half-way by a drain: a claim that was committed but not heard of would wait for the reaper.
            var job = await claim(offer, CancellationToken.None);
            if (job is not null)
                cores.Take(job.Payload.Compute.Threads);
            return (job, sent);
        }
        finally
        {
            claiming.Release();
        }
    }

    /// <summary>Works on a claimed job until it has ended.</summary>
    internal async Task Work(int slot, ClaimedJob job, long sent, CancellationToken draining)
    {
        var claimed = parts.Time.GetUtcNow();
        using var attempt = QueueTrace.Attempt(job, claimed - parts.Time.GetElapsedTime(sent), claimed);
        QueueLog.Claimed(log, slot, job.DisplayName, job.Lease.JobId, job.Attempt, job.Lease.Fence);
        await using var keeper = LeaseKeeper.Start(job, sent, parts.Jobs, parts.Lease, parts.Time, log);
        running[job.Lease.JobId] = keeper;
        try
        {
            await parts.Handler.Handle(slot, job, keeper, draining);
        }
        finally
        {
            running.TryRemove(new(job.Lease.JobId, keeper));
            cores.Return(job.Payload.Compute.Threads);
            freed();
        }
    }

    /// <summary>There is news about a job: if it runs here, its lease is looked at now.</summary>
    internal void Hint(Guid job)
    {
        if (running.TryGetValue(job, out var keeper))
            keeper.Hint();
    }
}
