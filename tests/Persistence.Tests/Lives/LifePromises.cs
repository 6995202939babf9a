using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>What holds in every world and of every act, whatever happens.</summary>
static class LifePromises
{
    internal const string
        OneWriter = "two workers whose writes count never hold one job",
        TakenMeansOlder = "a worker that does not know that its claim is over holds an older fence",
        ParentsFirst = "a job is not let go before its parent succeeded, and does not wait for one that never will",
        OneEnd = "an end is left only because a person asked again, never a success, and under a higher fence",
        CancelHolds = "a job whose cancel was asked for does not succeed",
        StaleWritesNothing = "a write under an older fence is refused and changes nothing",
        YoungServer = "nothing is taken from anybody before one lease has passed since the server started",
        Claimed = "a job that waits is claimed although every wake-up is lost",
        Taken = "a job whose worker is dead is taken from it",
        Ends = "every job can still end";

    /// <summary>The promise that a world breaks, or null.</summary>
    internal static string? BrokenIn(World world)
    {
        var writers = 0;
        for (var worker = 0; worker < 2; worker++)
        {
            if (world.Of(worker) is not { Kind: HandKind.Holds, Older: false } hand)
                continue;
            if (world.Life(hand.Job).State == JobState.Running)
                writers++;
            else if (!hand.Knows)
                return TakenMeansOlder;
        }
        // At most one job of a parent and its child runs at a time.
        if (writers > 1)
            return OneWriter;
        return world.Child is not { } child ? null
            : child.State == JobState.Blocked ? world.Parent.State.IsTerminal() ? ParentsFirst : null
            : child.State != JobState.Cancelled && world.Parent.State != JobState.Succeeded ? ParentsFirst : null;
    }

    /// <summary>The promise that an act breaks, or null.</summary>
    internal static string? BrokenBy(World before, Act act, Outcome outcome)
    {
        foreach (var (job, from, _) in outcome.Moves)
        {
            if (from.IsTerminal() && (act.Kind != ActKind.Retry || from == JobState.Succeeded || !outcome.Grew.Contains(job)))
                return OneEnd;
            if (before.Life(job).CancelAsked && outcome.World.Life(job).State == JobState.Succeeded)
                return CancelHolds;
            if (act.Kind == ActKind.Sweep && before.Young)
                return YoungServer;
        }
        if (!act.IsWrite || !before.Of(act.On).Older)
            return null;
        return outcome.Moves.Count == 0 && outcome.Answer is "Lost" or "False" && before.Parent == outcome.World.Parent && before.Child == outcome.World.Child ? null : StaleWritesNothing;
    }
}
