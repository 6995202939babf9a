namespace KdRobust.Domain.Jobs;

/// <summary>Who goes first. Of equal priority, who was submitted first.</summary>
public static class JobPriority
{
    /// <summary>What a job has unless somebody says otherwise.</summary>
    public const int Usual = 0;

    /// <summary>The bounds of a priority.</summary>
    public const int Lowest = -100, Highest = 100;

    /// <summary>
    /// Waiting this long counts as much as one point of priority, so that a job of low priority is only ever delayed: one of
    /// priority 0 goes before those of priority 6 that were submitted an hour after it. Paused time does not count.
    /// </summary>
    /// <remarks>
    /// The order by <c>priority + waited / aging</c> is at every moment the order by <c>waits_since - priority * aging</c>, which
    /// does not change with time and so can be indexed; the database's trigger writes it, with this constant.
    /// </remarks>
    public static readonly TimeSpan Aging = TimeSpan.FromMinutes(10);

    /// <summary>True when it is one.</summary>
    public static bool IsValid(int priority) => priority is >= Lowest and <= Highest;
}
