using System.Collections.Concurrent;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Leases;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Slots;

/// <summary>What a worker offers to the queue.</summary>
/// <param name="Worker">Its name.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Slots">Jobs it can run at the same time: its GPUs, or its cores.</param>
/// <param name="Cores">Cores its jobs may use together.</param>
public sealed record EngineSettings(string Worker, DeviceKind Device, int Slots, int Cores)
{
    /// <summary>Labels it offers.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}

/// <summary>
/// The engine <c>postgres</c>: one loop a slot, which alone claims. A notification or the change feed's poll merely wakes a
/// slot; it claims until there is nothing, and whenever it got something it wakes the next, so that a burst of work
/// reaches every slot and a single job only one. GPUs differ in what they have free, so there every slot is woken.
/// </summary>
public sealed class PostgresEngine(
    JobStore jobs, ChangeFeed feed, IJobHandler handler, EngineSettings settings, LeaseSettings lease, TimeProvider time, ILogger<PostgresEngine> log)
{
    readonly CoreBudget cores = new(settings.Cores);
    readonly Bell[] bells = [.. Enumerable.Range(0, settings.Device == DeviceKind.Cuda ? settings.Slots : 1).Select(_ => new Bell())];
    // One claim at a time, so that the cores it offers are still free when it gets a job.
    readonly SemaphoreSlim claiming = new(1, 1);
    readonly ConcurrentDictionary<Guid, LeaseKeeper> running = [];
    readonly Lock guard = new();
    CancellationTokenSource resting = new();

    /// <summary>Cores no job uses.</summary>
    public int FreeCores => cores.Free;

    /// <summary>Takes no more work and gives back what runs, until <see cref="GoOn"/>.</summary>
    public void Rest()
    {
        lock (guard)
            resting.Cancel();
    }

    /// <summary>Takes work again after a <see cref="Rest"/>.</summary>
    public void GoOn()
    {
        lock (guard)
        {
            // Not disposed: jobs that were told by it may still look at it.
            if (resting.IsCancellationRequested)
                resting = new CancellationTokenSource();
        }
        Ring();
    }

    /// <summary>Works until told to drain; returns when every slot has given back or ended its job.</summary>
    public async Task Run(CancellationToken draining)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(draining);
        var ears = Listen(listening.Token);
        try
        {
            // The first slot that fails (a bug, or no run process can be started) ends the others.
            var slots = Enumerable.Range(0, settings.Slots).Select(slot => Task.Run(() => Loop(slot, listening.Token), CancellationToken.None)).ToList();
            var first = await Task.WhenAny(slots);
            if (first.IsFaulted)
                await listening.CancelAsync();
            await Task.WhenAll(slots);
        }
        finally
        {
            await listening.CancelAsync();
            await ears.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Listen(CancellationToken ct)
    {
        await foreach (var change in feed.Listen(ct: ct))
        {
            if (change.Topic == ChangeTopic.Cancel && running.TryGetValue(change.Id, out var keeper))
                keeper.Hint();
            else if (change.Topic is ChangeTopic.Ready or ChangeTopic.Everything)
                Ring();
        }
    }

    void Ring()
    {
        foreach (var bell in bells)
            bell.Ring();
    }

    CancellationToken Resting
    {
        get
        {
            lock (guard)
                return resting.Token;
        }
    }

    async Task Loop(int slot, CancellationToken draining)
    {
        while (!draining.IsCancellationRequested)
        {
            try
            {
                await handler.Prepare(slot, draining);
                var rest = Resting;
                var (job, sent) = rest.IsCancellationRequested ? default : await Claim(slot, draining);
                if (job is null)
                {
                    await bells[slot % bells.Length].Wait(draining);
                    continue;
                }
                Ring();
                using var either = CancellationTokenSource.CreateLinkedTokenSource(draining, rest);
                await Work(slot, job, sent, either.Token);
            }
            catch (OperationCanceledException) when (draining.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                QueueLog.ClaimFailed(log, slot, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, draining).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task<(ClaimedJob? Job, long Sent)> Claim(int slot, CancellationToken draining)
    {
        await claiming.WaitAsync(draining);
        try
        {
            if (cores.Free == 0)
                return (null, 0);
            var device = await handler.DeviceOf(slot, draining);
            var offer = new WorkerOffer(settings.Worker, cores.Free, settings.Device) { Labels = settings.Labels, On = device.On, FreeGpuMemoryMiB = device.FreeGpuMemoryMiB };
            var sent = time.GetTimestamp();
            // Not given up half-way by a drain: a claim that was committed but not heard of would wait for the reaper.
            var job = await jobs.TryClaimNext(offer, CancellationToken.None);
            if (job is not null)
                cores.Take(job.Payload.Compute.Threads);
            return (job, sent);
        }
        finally
        {
            claiming.Release();
        }
    }

    async Task Work(int slot, ClaimedJob job, long sent, CancellationToken draining)
    {
        var claimed = time.GetUtcNow();
        using var attempt = QueueTrace.Attempt(job, claimed - time.GetElapsedTime(sent), claimed);
        QueueLog.Claimed(log, slot, job.DisplayName, job.Lease.JobId, job.Attempt, job.Lease.Fence);
        await using var keeper = LeaseKeeper.Start(job, sent, jobs, lease, time, log);
        running[job.Lease.JobId] = keeper;
        try
        {
            await handler.Handle(slot, job, keeper, draining);
        }
        finally
        {
            running.TryRemove(new(job.Lease.JobId, keeper));
            cores.Return(job.Payload.Compute.Threads);
            Ring();
        }
    }
}
