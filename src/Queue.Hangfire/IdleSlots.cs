namespace KdRobust.Queue.Hangfire;

/// <summary>The slots that could begin a job at once.</summary>
sealed class IdleSlots
{
    readonly Lock guard = new();
    readonly SortedSet<int> idle = [];
    readonly SemaphoreSlim some = new(0);

    /// <summary>Those that are idle now.</summary>
    internal IReadOnlyList<int> Now
    {
        get
        {
            lock (guard)
                return [.. idle];
        }
    }

    internal void Add(int slot)
    {
        lock (guard)
            idle.Add(slot);
        some.Release();
    }

    /// <summary>Takes one, once there is one.</summary>
    internal async Task<int> Take(CancellationToken ct)
    {
        await some.WaitAsync(ct);
        lock (guard)
        {
            var slot = idle.Min;
            idle.Remove(slot);
            return slot;
        }
    }
}
