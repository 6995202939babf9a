using Hangfire;
using Hangfire.Logging;
using Hangfire.Server;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;
using KdRobust.Queue.Slots;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Hangfire;

/// <summary>
/// The engine <c>hangfire</c>: each of our jobs is one of Hangfire's, its worker threads are the slots, and each claims the row
/// that its job names. When a slot is free, the job whose turn is first among those that fit is put into Hangfire's queue;
/// the others await their turn there, where people see them. Everything that decides is the row's; Hangfire's tables may be
/// emptied at any time.
/// </summary>
public sealed class HangfireEngine : IJobEngine, ISlots
{
    /// <summary>What <c>--engine</c> calls it.</summary>
    public const string EngineName = "hangfire";

    readonly EngineParts parts;
    readonly HangfireParts hangfire;
    readonly RowMirror mirror;
    readonly ILogger<HangfireEngine> log;
    readonly SlotWork work;
    readonly RowNews news = new();
    readonly IdleSlots idle = new();
    readonly TaskCompletionSource broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly SemaphoreSlim goingOn = new(0, 1);
    readonly CancellationTokenSource ending = new();

    /// <summary>An engine that has not begun.</summary>
    /// <param name="parts">Its feed hears <see cref="ChangeTopic.Ready"/>, <see cref="ChangeTopic.Job"/> and <see cref="ChangeTopic.Cancel"/>.</param>
    public HangfireEngine(EngineParts parts)
    {
        this.parts = parts;
        log = parts.Loggers.CreateLogger<HangfireEngine>();
        LogProvider.SetCurrentLogProvider(new HangfireLogs(parts.Loggers));
        hangfire = new HangfireParts(parts.Database, parts.Jobs);
        mirror = new RowMirror(hangfire, log);
        work = new SlotWork(parts, log, news.Ring);
    }

    /// <inheritdoc/>
    public string Name => EngineName;

    /// <inheritdoc/>
    public int FreeCores => work.FreeCores;

    /// <inheritdoc/>
    public void Rest() => work.Rest();

    /// <inheritdoc/>
    public void GoOn()
    {
        work.GoOn();
        if (goingOn.CurrentCount == 0)
            goingOn.Release();
    }

    /// <inheritdoc/>
    public async Task Run(CancellationToken draining)
    {
        await using var drain = draining.Register(ending.Cancel);
        // Run processes start while the tables are looked at.
        foreach (var slot in Enumerable.Range(0, parts.Settings.Slots))
            _ = Task.Run(() => MakeReady(slot), CancellationToken.None);
        Task[] ears = [];
        try
        {
            await HangfireTables.Ensure(parts.Database, ending.Token);
            ears = [Listen(ending.Token), Keep(ending.Token)];
            while (!ending.IsCancellationRequested)
            {
                if (work.Resting.IsCancellationRequested)
                    await goingOn.WaitAsync(ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                else
                    await Serve(work.Resting);
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // It is to end before it began.
        }
        finally
        {
            await ending.CancelThroughWeatherAsync();
            await Task.WhenAll(ears).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        // A bug, or no run process can be started.
        if (broken.Task.IsFaulted)
            await broken.Task;
    }

    /// <inheritdoc/>
    async Task ISlots.Attempt(Guid job, string hangfireId)
    {
        var slot = await idle.Take(ending.Token);
        try
        {
            var rest = work.Resting;
            if (!rest.IsCancellationRequested && !ending.IsCancellationRequested)
            {
                var (claimed, sent) = await work.Claim(slot, (offer, ct) => parts.Jobs.TryClaim(job, offer, ct), ending.Token);
                if (claimed is not null)
                {
                    using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, rest);
                    await work.Work(slot, claimed, sent, either.Token);
                }
            }
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            HangfireLog.Postponed(log, error.Message);
        }
        catch (Exception error) when (error is not OperationCanceledException || !ending.IsCancellationRequested)
        {
            Break(error);
        }
        finally
        {
            _ = MakeReady(slot);
        }
        await Settle(job, hangfireId);
    }

    /// <summary>Returns when Hangfire may say itself that the job succeeded; any other end is the row's to say, and Hangfire's thread leaves it alone.</summary>
    async Task Settle(Guid job, string hangfireId)
    {
        try
        {
            if (await hangfire.Rows.Find(job, CancellationToken.None) is { } row)
            {
                if (row.State == JobState.Succeeded)
                    return;
                await mirror.Settle(row, hangfireId, CancellationToken.None);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // The mirror finds it sooner or later.
            HangfireLog.Postponed(log, error.Message);
        }
        throw new JobAbortedException();
    }

    /// <summary>Has a slot able to begin a job at once, then offers it.</summary>
    async Task MakeReady(int slot)
    {
        try
        {
            await parts.Handler.Prepare(slot, ending.Token);
            idle.Add(slot);
            news.Ring();
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Nothing is to begin any more.
        }
        catch (Exception error)
        {
            Break(error);
        }
    }

    void Break(Exception error)
    {
        broken.TrySetException(error);
        ending.CancelThroughWeatherNow();
    }

    /// <summary>Lets Hangfire's threads work until the worker rests or ends; returns when all have given back or ended their jobs.</summary>
    async Task Serve(CancellationToken resting)
    {
        var queue = parts.Settings.Device == DeviceKind.Cuda ? "cuda" : "cpu";
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, resting);
        using var server = new BackgroundJobServer(
            new BackgroundJobServerOptions
            {
                ServerName = parts.Settings.Worker,
                Queues = [queue],
                WorkerCount = parts.Settings.Slots,
                Activator = new SlotActivator(this),
                FilterProvider = hangfire.Deciding,
                // Jobs stop when they are told to, and are waited for.
                StopTimeout = Timeout.InfiniteTimeSpan,
                ShutdownTimeout = Timeout.InfiniteTimeSpan,
            },
            hangfire.Storage);
        HangfireLog.Serving(log, queue, parts.Settings.Slots);
        news.Ring();
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (over.Token.Register(ended.SetResult))
            await ended.Task;
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
    }

    async Task Listen(CancellationToken ct)
    {
        await foreach (var change in parts.Feed.Listen(ct: ct))
        {
            if (change.Topic == ChangeTopic.Cancel)
                work.Hint(change.Id);
            else
                news.Hear(change);
        }
    }

    /// <summary>Puts what is next into the queue, and keeps Hangfire's jobs as the rows are.</summary>
    async Task Keep(CancellationToken ct)
    {
        while (true)
        {
            var (changed, everything) = await news.Next(ct);
            try
            {
                await mirror.Enqueue(await InTurn(ct), ct);
                await mirror.Follow(changed, ct);
                if (everything)
                    await mirror.Sweep(ct);
            }
            catch (Exception error) when (!ct.IsCancellationRequested)
            {
                HangfireLog.Postponed(log, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), parts.Time, ct);
                news.Hear(new Change(ChangeTopic.Everything, default));
            }
        }
    }

    /// <summary>As many jobs as there are idle slots, each the next in turn of those that fit one.</summary>
    async Task<IReadOnlyCollection<Guid>> InTurn(CancellationToken ct)
    {
        var slots = idle.Now;
        if (slots.Count == 0 || work.Resting.IsCancellationRequested || work.FreeCores == 0)
            return [];
        // The cores of a worker are one like the other; its GPUs differ in what they have free.
        if (parts.Settings.Device == DeviceKind.Cpu)
            return await parts.Jobs.NextInTurn(await work.Offer(slots[0], ct), slots.Count, ct);
        var next = new List<Guid>();
        foreach (var slot in slots)
        {
            if ((await parts.Jobs.NextInTurn(await work.Offer(slot, ct), slots.Count, ct)).Except(next).Take(1).ToList() is [var one])
                next.Add(one);
        }
        return next;
    }

    sealed class SlotActivator(ISlots slots) : JobActivator
    {
        public override object ActivateJob(Type jobType) => jobType == typeof(RowJob) ? new RowJob(slots) : throw new InvalidOperationException($"{jobType} is no job of ours");
    }
}
