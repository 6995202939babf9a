using KdRobust.Persistence.Changes;
using KdRobust.Queue.Slots;

namespace KdRobust.Queue.Hangfire;

/// <summary>What a mirror has heard and not looked at yet.</summary>
sealed class RowNews
{
    readonly Lock guard = new();
    readonly Bell bell = new();
    HashSet<Guid> changed = [];
    bool everything;

    /// <summary>Takes a change in.</summary>
    internal void Hear(Change change)
    {
        lock (guard)
        {
            if (change.Topic == ChangeTopic.Job)
                changed.Add(change.Id);
            else
                everything |= change.Topic == ChangeTopic.Everything;
        }
        bell.Ring();
    }

    /// <summary>Something else than a row changed: a slot is free.</summary>
    internal void Ring() => bell.Ring();

    /// <summary>Waits for news, and takes them.</summary>
    internal async Task<(IReadOnlyCollection<Guid> Changed, bool Everything)> Next(CancellationToken ct)
    {
        await bell.Wait(ct);
        lock (guard)
        {
            var news = (changed, everything);
            (changed, everything) = ([], false);
            return news;
        }
    }
}
