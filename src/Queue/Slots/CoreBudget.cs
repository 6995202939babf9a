namespace KdRobust.Queue.Slots;

/// <summary>The cores of a worker that no job uses.</summary>
sealed class CoreBudget(int cores)
{
    readonly Lock guard = new();
    int free = cores;

    /// <summary>Cores that may be offered now.</summary>
    internal int Free
    {
        get
        {
            lock (guard)
                return free;
        }
    }

    /// <summary>Gives cores to a job, which was offered at least as many.</summary>
    internal void Take(int threads)
    {
        lock (guard)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, free);
            free -= threads;
        }
    }

    /// <summary>Takes a job's cores back.</summary>
    internal void Return(int threads)
    {
        lock (guard)
            free += threads;
    }
}
