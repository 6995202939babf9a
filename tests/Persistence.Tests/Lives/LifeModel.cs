using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>A change of state, as one line of a job's history.</summary>
readonly record struct Moved(int Job, JobState From, JobState To);

/// <summary>What an act led to.</summary>
/// <param name="World">Everything afterwards.</param>
/// <param name="Answer">What whoever acted is told.</param>
/// <param name="Moves">The lines of history, in order.</param>
/// <param name="Grew">Jobs whose fence grew.</param>
sealed record Outcome(World World, string Answer, IReadOnlyList<Moved> Moves, IReadOnlyList<int> Grew);

/// <summary>One act on one world, by the rules. Every change of state goes through the table of transitions.</summary>
sealed class LifeModel
{
    readonly LifeRules rules;
    readonly List<Moved> moves = [];
    readonly List<int> grew = [];
    World world;

    LifeModel(LifeRules rules, World world) => (this.rules, this.world) = (rules, world);

    /// <summary>One or two jobs just submitted, their wake-up under way, two idle workers.</summary>
    internal static World Begin(bool withChild) => new(
        new JobLife(JobState.Queued), withChild ? new JobLife(JobState.Blocked) : null, new Hand(HandKind.Asleep), new Hand(HandKind.Asleep), Rung: true, Young: false);

    internal static Outcome Do(LifeRules rules, World world, Act act)
    {
        var model = new LifeModel(rules, world);
        var answer = model.Do(act);
        return new Outcome(model.world, answer, model.moves, model.grew);
    }

    string Do(Act act)
    {
        switch (act.Kind)
        {
            case ActKind.Hear:
                return Hand(act.On, new Hand(HandKind.Awake));
            case ActKind.Poll:
                return rules.Polls ? Hand(act.On, new Hand(HandKind.Awake)) : "";
            case ActKind.Forget:
                return Hand(act.On, new Hand(HandKind.Awake));
            case ActKind.LoseWakeUp:
                world = world with { Rung = false };
                return "";
            case ActKind.Restart:
                world = world with { Rung = false, Young = true };
                return "";
            case ActKind.LeasePasses:
                world = world with { Young = false };
                return "";
            case ActKind.Expire:
                return Become(act.On, Life(act.On) with { Expired = true });
            case ActKind.WaitPasses:
                return Become(act.On, Life(act.On) with { Waits = false });
            case ActKind.Claim:
                return Claim(act.On);
            case ActKind.Sweep:
                return Sweep();
            case ActKind.Cancel:
                return Cancel(act.On);
            case ActKind.Pause:
                return Pause(act.On);
            case ActKind.Resume:
                return Resume(act.On);
            case ActKind.Retry:
                return Retry(act.On);
            default:
                var answer = Write(act.Kind, world.Of(act.On));
                if (act.Kind >= ActKind.Complete || answer is "Lost" or "False")
                    Hand(act.On, world.Of(act.On) with { Knows = true });
                return answer;
        }
    }

    string Claim(int worker)
    {
        for (var job = 0; job < world.Jobs; job++)
        {
            var life = Life(job);
            if (life.State != JobState.Queued || life.Waits || !Move(job, JobTrigger.Claim, life with { Attempt = life.Attempt + 1 }))
                continue;
            Raise(job, FenceCause.Claim);
            Hand(worker, new Hand(HandKind.Holds, job));
            return $"job {job} attempt {life.Attempt + 1}";
        }
        Hand(worker, new Hand(HandKind.Asleep));
        return "nothing";
    }

    string Write(ActKind kind, Hand hand)
    {
        var (job, life) = (hand.Job, Life(hand.Job));
        var holds = life.State == JobState.Running && (!hand.Older || !rules.WritesNameTheirFence);
        if (!holds)
            return Late(kind, hand.Older ? null : life.State);
        switch (kind)
        {
            case ActKind.Heartbeat:
                return life.Expired ? "Lost" : life.CancelAsked ? "Cancel" : life.PauseAsked ? "Pause" : "Continue";
            case ActKind.Store:
                return "True";
            case ActKind.Checkpoint:
                Become(job, life with { Crashes = 0 });
                return "True";
            case ActKind.Complete:
                var wins = life.CancelAsked && rules.CancelWins;
                End(job, wins ? JobTrigger.Cancel : JobTrigger.Complete, life);
                return Life(job).State.ToString();
            case ActKind.Release:
                var back = life with { Attempt = life.Attempt - 1, Waits = false };
                if (life.CancelAsked)
                    End(job, JobTrigger.Cancel, life);
                else
                    Move(job, life.PauseAsked ? JobTrigger.Pause : JobTrigger.Drain, back);
                return "True";
            default:
                return Fail(kind, job, life);
        }
    }

    string Fail(ActKind kind, int job, JobLife life)
    {
        if (life.CancelAsked)
        {
            End(job, JobTrigger.Cancel, life);
            return "Final";
        }
        var again = kind switch
        {
            ActKind.FailTransient => life.Attempt < LifeRules.MaxAttempts,
            ActKind.Crash => life.Crashes + 1 < RetryPolicy.MaxCrashes,
            _ => false,
        };
        if (!again)
        {
            End(job, JobTrigger.FailForGood, life);
            return "Final";
        }
        Move(job, life.PauseAsked ? JobTrigger.Pause : JobTrigger.FailForRetry, life with { Waits = true, Crashes = life.Crashes + (kind == ActKind.Crash ? 1 : 0) });
        return "WillRetry";
    }

    /// <summary>What a report is told whose claim does not hold any more; <paramref name="under"/> is what that very claim left behind, so that a report said twice is answered alike.</summary>
    static string Late(ActKind kind, JobState? under) => (kind, under) switch
    {
        (ActKind.Heartbeat, _) => "Lost",
        (ActKind.Store or ActKind.Checkpoint, _) => "False",
        (ActKind.Release, _) => under is null ? "False" : "True",
        (ActKind.Complete, JobState.Succeeded or JobState.Cancelled) => under.Value.ToString(),
        (ActKind.Complete, _) => "Lost",
        (_, JobState.Queued or JobState.Paused) => "WillRetry",
        (_, JobState.Failed or JobState.Cancelled) => "Final",
        _ => "Lost",
    };

    string Sweep()
    {
        var report = new SweepReport(0, 0, 0);
        for (var job = 0; job < world.Jobs && !(world.Young && rules.SweepWaitsForYoungServer); job++)
        {
            if (Life(job) is not { State: JobState.Running, Expired: true } life)
                continue;
            var after = life with { Crashes = Math.Min(life.Crashes + 1, LifeRules.MostCrashes), Waits = false };
            var trigger = life.CancelAsked ? JobTrigger.Cancel : life.PauseAsked ? JobTrigger.Pause
                : life.Crashes + 1 >= RetryPolicy.MaxCrashes ? JobTrigger.FailForGood : JobTrigger.LeaseLost;
            if (trigger is JobTrigger.Cancel or JobTrigger.FailForGood ? !End(job, trigger, after) : !Move(job, trigger, after))
                continue;
            Raise(job, FenceCause.Reap);
            report = Life(job).State switch
            {
                JobState.Queued => report with { Requeued = report.Requeued + 1 },
                JobState.Failed => report with { Failed = report.Failed + 1 },
                JobState.Paused => report with { Paused = report.Paused + 1 },
                _ => report with { Cancelled = report.Cancelled + 1 },
            };
        }
        return report.ToString();
    }

    string Cancel(int job)
    {
        var life = Life(job);
        if (life.State.IsTerminal())
            return nameof(CancelKind.AlreadyEnded);
        if (life.State == JobState.Running)
        {
            Become(job, life with { CancelAsked = true });
            return nameof(CancelKind.Requested);
        }
        End(job, JobTrigger.Cancel, life);
        return nameof(CancelKind.Cancelled);
    }

    string Pause(int job)
    {
        var life = Life(job);
        if (life.State == JobState.Queued && Move(job, JobTrigger.Pause, life))
            return nameof(RequestKind.Done);
        if (life.State is not (JobState.Running or JobState.Blocked))
            return nameof(RequestKind.NotInThisState);
        Become(job, life with { PauseAsked = true });
        return nameof(RequestKind.Requested);
    }

    string Resume(int job)
    {
        var life = Life(job);
        if (Move(job, JobTrigger.Resume, life))
            return nameof(RequestKind.Done);
        if (!life.PauseAsked)
            return nameof(RequestKind.NotInThisState);
        Become(job, life with { PauseAsked = false });
        return nameof(RequestKind.Done);
    }

    string Retry(int job)
    {
        if (rules.Next(Life(job).State, JobTrigger.Retry) is null)
            return nameof(RequestKind.NotInThisState);
        if (job == 1 && Life(0).State is JobState.Failed or JobState.Cancelled)
            return nameof(RequestKind.ParentEnded);
        Revive(job);
        if (job == 0 && world.Child is { State: JobState.Cancelled, EndedWithParent: true })
            Revive(1);
        return nameof(RequestKind.Done);
    }

    void Revive(int job)
    {
        var waits = job == 1 && Life(0).State != JobState.Succeeded;
        if (Move(job, waits ? JobTrigger.RetryBlocked : JobTrigger.Retry, default))
            Raise(job, FenceCause.Retry);
    }

    /// <summary>Ends a job and, with it, what waits for it: that is free, or goes along.</summary>
    bool End(int job, JobTrigger trigger, JobLife life)
    {
        if (!Move(job, trigger, life))
            return false;
        if (job == 0 && world.Child is { State: JobState.Blocked } child)
        {
            if (Life(0).State == JobState.Succeeded)
                Move(1, child.PauseAsked ? JobTrigger.UnblockPaused : JobTrigger.Unblock, child);
            else if (rules.Cascades)
                Move(1, JobTrigger.UpstreamEnded, child with { EndedWithParent = true });
        }
        return true;
    }

    /// <summary>A change of state, if the table has it; keeps of a life what the new state gives a meaning.</summary>
    bool Move(int job, JobTrigger trigger, JobLife after)
    {
        var from = Life(job).State;
        if (rules.Next(from, trigger) is not { } to)
            return false;
        moves.Add(new Moved(job, from, to));
        var life = to switch
        {
            JobState.Queued or JobState.Paused => new JobLife(to, after.Attempt, after.Crashes, Waits: after.Waits),
            JobState.Running => new JobLife(to, after.Attempt, after.Crashes),
            _ => new JobLife(to, EndedWithParent: to == JobState.Cancelled && after.EndedWithParent),
        };
        world = world.With(job, life);
        if (to == JobState.Queued)
            world = world with { Rung = true };
        return true;
    }

    void Raise(int job, FenceCause cause)
    {
        if (!rules.Grows(cause))
            return;
        grew.Add(job);
        for (var worker = 0; worker < 2; worker++)
            if (world.Of(worker) is { Kind: HandKind.Holds } hand && hand.Job == job)
                Hand(worker, hand with { Older = true });
    }

    JobLife Life(int job) => world.Life(job);

    string Become(int job, JobLife life)
    {
        world = world.With(job, life);
        return "";
    }

    string Hand(int worker, Hand hand)
    {
        world = world.With(worker, hand);
        return "";
    }
}
