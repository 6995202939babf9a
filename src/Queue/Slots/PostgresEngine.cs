using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Slots;

/// <summary>
/// The engine <c>postgres</c>: one loop a slot, which alone claims. A notification or the change feed's poll merely wakes a
/// slot; it claims until there is nothing, and whenever it got something it wakes the next, so that a burst of work
/// reaches every slot and a single job only one. GPUs differ in what they have free, so there every slot is woken.
/// </summary>
public sealed class PostgresEngine : IJobEngine
{
    /// <summary>What <c>--engine</c> calls it.</summary>
    public const string EngineName = "postgres";

    readonly EngineParts parts;
    readonly ILogger<PostgresEngine> log;
    readonly SlotWork work;
    readonly Bell[] bells;

    /// <summary>An engine that has not begun.</summary>
    /// <param name="parts">Its feed hears <see cref="ChangeTopic.Ready"/> and <see cref="ChangeTopic.Cancel"/>.</param>
    public PostgresEngine(EngineParts parts)
    {
        this.parts = parts;
        log = parts.Loggers.CreateLogger<PostgresEngine>();
        work = new SlotWork(parts, log, Ring);
        bells = [.. Enumerable.Range(0, parts.Settings.Device == DeviceKind.Cuda ? parts.Settings.Slots : 1).Select(_ => new Bell())];
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
        Ring();
    }

    /// <inheritdoc/>
    public async Task Run(CancellationToken draining)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(draining);
        var ears = Listen(listening.Token);
        try
        {
            // The first slot that fails (a bug, or no run process can be started) ends the others.
            var slots = Enumerable.Range(0, parts.Settings.Slots).Select(slot => Task.Run(() => Loop(slot, listening.Token), CancellationToken.None)).ToList();
            var first = await Task.WhenAny(slots);
            if (first.IsFaulted)
                await listening.CancelThroughWeatherAsync();
            await Task.WhenAll(slots);
        }
        finally
        {
            await listening.CancelThroughWeatherAsync();
            await ears.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task Listen(CancellationToken ct)
    {
        await foreach (var change in parts.Feed.Listen(ct: ct))
        {
            if (change.Topic == ChangeTopic.Cancel)
                work.Hint(change.Id);
            else if (change.Topic is ChangeTopic.Ready or ChangeTopic.Everything)
                Ring();
        }
    }

    void Ring()
    {
        foreach (var bell in bells)
            bell.Ring();
    }

    async Task Loop(int slot, CancellationToken draining)
    {
        while (!draining.IsCancellationRequested)
        {
            try
            {
                await parts.Handler.Prepare(slot, draining);
                var rest = work.Resting;
                var (job, sent) = rest.IsCancellationRequested ? default : await work.Claim(slot, parts.Jobs.TryClaimNext, draining);
                if (job is null)
                {
                    await bells[slot % bells.Length].Wait(draining);
                    continue;
                }
                Ring();
                using var either = CancellationTokenSource.CreateLinkedTokenSource(draining, rest);
                await work.Work(slot, job, sent, either.Token);
            }
            catch (OperationCanceledException) when (draining.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (Database.IsWeather(error))
            {
                QueueLog.ClaimFailed(log, slot, error.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), parts.Time, draining).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
