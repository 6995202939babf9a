namespace KdRobust.Persistence.Jobs;

/// <summary>
/// The times that keep two workers off one job, all from one number. A lease must be longer than the outages of the
/// database that a job shall survive; a dead worker's job waits at most one lease and one sweep.
/// </summary>
public sealed record LeaseSettings
{
    /// <summary>How long a claim lasts without a heartbeat, by the database's clock.</summary>
    /// <value>60 s unless set; at least 1 s.</value>
    public TimeSpan Lease
    {
        get;
        init => field = value >= TimeSpan.FromSeconds(1)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "a lease is at least 1 s: a shorter one ends in the middle of a slow statement");
    } = TimeSpan.FromSeconds(60);

    /// <summary>Between two heartbeats.</summary>
    public TimeSpan Heartbeat => Lease / 6;

    /// <summary>
    /// After this long without an accepted heartbeat, counted on the worker's monotonic clock from when the last accepted
    /// one was sent, the worker stops the run by itself: before anyone else can have the job.
    /// </summary>
    public TimeSpan SelfFence => Lease * 2 / 3;

    /// <summary>Between two sweeps of the reaper.</summary>
    public TimeSpan Sweep => Lease / 12;
}
