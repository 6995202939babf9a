namespace KdRobust.Persistence.Tests.Lives;

/// <summary>Everything that can happen.</summary>
enum ActKind
{
    /// <summary>A worker hears a wake-up.</summary>
    Hear,
    /// <summary>A worker looks although nobody woke it.</summary>
    Poll,
    /// <summary>A wake-up is lost.</summary>
    LoseWakeUp,
    Claim,
    Heartbeat,
    /// <summary>Numbers and progress.</summary>
    Store,
    /// <summary>A new resume point.</summary>
    Checkpoint,
    Complete,
    FailTransient,
    FailPermanent,
    Crash,
    /// <summary>The worker gives the job back, for whatever reason.</summary>
    Release,
    /// <summary>The worker lets go of what it holds, without a word: its answer came, or it is a new process.</summary>
    Forget,
    /// <summary>A lease runs out.</summary>
    Expire,
    /// <summary>The reaper looks.</summary>
    Sweep,
    /// <summary>The time comes before which a job was not to be claimed.</summary>
    WaitPasses,
    /// <summary>The server restarts; what it was about to tell is lost.</summary>
    Restart,
    /// <summary>One lease has passed since then.</summary>
    LeasePasses,
    Cancel,
    Pause,
    Resume,
    Retry,
}

/// <summary>Something that happens, to a job or by a worker.</summary>
/// <param name="Kind">What.</param>
/// <param name="On">Which worker acts, or which job is meant; 0 where there is nothing to choose.</param>
readonly record struct Act(ActKind Kind, int On = 0)
{
    /// <summary>True for what a worker writes under its lease.</summary>
    internal bool IsWrite => Kind is >= ActKind.Heartbeat and <= ActKind.Release;

    /// <summary>Everything that may happen now.</summary>
    internal static IEnumerable<Act> Of(World world)
    {
        for (var worker = 0; worker < 2; worker++)
        {
            switch (world.Of(worker).Kind)
            {
                case HandKind.Asleep:
                    yield return new Act(ActKind.Poll, worker);
                    if (world.Rung)
                        yield return new Act(ActKind.Hear, worker);
                    break;
                case HandKind.Awake:
                    yield return new Act(ActKind.Claim, worker);
                    break;
                default:
                    for (var kind = ActKind.Heartbeat; kind <= ActKind.Forget; kind++)
                        if (kind != ActKind.Checkpoint || MayGrow(world, world.Of(worker).Job))
                            yield return new Act(kind, worker);
                    break;
            }
        }
        for (var job = 0; job < world.Jobs; job++)
        {
            for (var kind = ActKind.Cancel; kind <= ActKind.Retry; kind++)
                if (kind != ActKind.Pause || MayGrow(world, job))
                    yield return new Act(kind, job);
            if (world.Life(job) is { State: Domain.Jobs.JobState.Running, Expired: false })
                yield return new Act(ActKind.Expire, job);
            if (world.Life(job).Waits)
                yield return new Act(ActKind.WaitPasses, job);
        }
        yield return new Act(ActKind.Sweep);
        if (world.Rung)
            yield return new Act(ActKind.LoseWakeUp);
        if (world.Young)
            yield return new Act(ActKind.LeasePasses);
        else
            yield return new Act(ActKind.Restart);
    }

    // The only bound of the exploration: with ever new resume points, or pauses that the reaper carries out, a job could be
    // claimed for ever. Once its attempts are used up these two are not tried any more.
    static bool MayGrow(World world, int job) => world.Life(job).Attempt <= LifeRules.MaxAttempts;
}
