using System.Diagnostics;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Jobs;
using KdRobust.Support;
using Xunit.Abstractions;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>The model is no opinion: whatever it says, the stores do to the rows of a real database.</summary>
public sealed class LifeReplayTests(ITestOutputHelper output, SweepTests.OldServer server) : IClassFixture<SweepTests.OldServer>
{
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_kind_of_act_in_every_kind_of_situation_is_answered_and_done_as_the_model_says(bool withChild)
    {
        var begun = Stopwatch.GetTimestamp();
        var explored = LifeExplorer.Explore(new LifeRules(), withChild);
        // The first, so a shortest, way to each kind; the longest ways first, which lead past many others.
        var first = new Dictionary<Situation, int>();
        for (var at = 0; at < explored.Worlds.Count; at++)
            foreach (var act in Act.Of(explored.Worlds[at]).Where(act => !withChild || ConcernsBoth(explored.Worlds[at], act)))
                first.TryAdd(Situation.Of(explored.Worlds[at], act), at);
        await using var database = await server.Database();
        var done = new HashSet<Situation>();
        var (paths, acts) = (0, 0);
        foreach (var (kind, at) in first.OrderByDescending(entry => entry.Value))
        {
            if (done.Contains(kind))
                continue;
            paths++;
            acts += await Replay(await LifeReplay.Begin(database, withChild), new LifeRules(), LifeModel.Begin(withChild), explored.PathTo(at), kind, done, first.ContainsKey);
        }
        output.WriteLine($"{(withChild ? "a parent and its child" : "one job")}: {first.Count} kinds of situation and act, {acts} acts on {paths} real jobs in {Stopwatch.GetElapsedTime(begun).TotalSeconds:F0} s");
        first.Keys.Except(done).ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Replay_finds_a_model_that_does_not_say_what_the_stores_do()
    {
        await using var database = await server.Database();
        Act[] cancelled = [new(ActKind.Poll), new(ActKind.Claim), new(ActKind.Cancel)];
        var world = cancelled.Aggregate(LifeModel.Begin(withChild: false), (before, act) => LifeModel.Do(new LifeRules(), before, act).World);
        var last = Situation.Of(world, new Act(ActKind.Complete));
        foreach (var wrong in new[] { new LifeRules { CancelWins = false }, new LifeRules { Grows = cause => cause != FenceCause.Claim } })
            await Assert.ThrowsAsync<ShouldAssertException>(async () => await Replay(await LifeReplay.Begin(database, withChild: false), wrong, LifeModel.Begin(withChild: false), cancelled, last, [], _ => false));
        (await Replay(await LifeReplay.Begin(database, withChild: false), new LifeRules(), LifeModel.Begin(withChild: false), cancelled, last, [], _ => false)).ShouldBe(4);
    }

    /// <summary>What two jobs do to each other. What each does by itself is the same as with one.</summary>
    static bool ConcernsBoth(World world, Act act)
    {
        var ofChild = world.Parent.State != JobState.Succeeded && act is { Kind: >= ActKind.Cancel, On: 1 };
        return ofChild || LifeModel.Do(new LifeRules(), world, act).Moves.Any(moved => moved.Job == 1);
    }

    /// <summary>Goes a way, and on the way does everything that changes nothing and was not done yet; then the act the way was for.</summary>
    static async Task<int> Replay(LifeReplay real, LifeRules rules, World world, IReadOnlyList<Act> path, Situation last, HashSet<Situation> done, Func<Situation, bool> wanted)
    {
        var before = await real.See();
        var story = new List<Act>();
        foreach (var step in path)
        {
            await Idle();
            await Do(step);
        }
        await Idle();
        if (!done.Contains(last))
            await Do(Act.Of(world).First(act => Situation.Of(world, act) == last));
        await real.End();
        return story.Count;

        async Task Idle()
        {
            foreach (var act in Act.Of(world))
                if (wanted(Situation.Of(world, act)) && !done.Contains(Situation.Of(world, act)) && LifeModel.Do(rules, world, act) is { Moves.Count: 0, Grew.Count: 0 } outcome && outcome.World == world)
                    await Do(act);
        }

        async Task Do(Act act)
        {
            story.Add(act);
            done.Add(Situation.Of(world, act));
            var expected = LifeModel.Do(rules, world, act);
            var answer = await real.Do(world, act);
            var told = string.Join(", ", story.Select(step => $"{step.Kind} {step.On}"));
            answer.ShouldBe(expected.Answer, told);
            var after = await real.See();
            for (var job = 0; job < after.Count; job++)
            {
                after[job].Life.ShouldBe(expected.World.Life(job), $"job {job} after {told}");
                (after[job].Fence - before[job].Fence).ShouldBe(expected.Grew.Count(grown => grown == job), $"the fence of job {job} after {told}");
                after[job].History.Skip(before[job].History.Count).ShouldBe(expected.Moves.Where(moved => moved.Job == job).Select(moved => $"{moved.From}>{moved.To}"), $"the history of job {job} after {told}");
            }
            (world, before) = (expected.World, after);
        }
    }

    /// <summary>What the database can tell apart: an act, the rows it is about, and whether whoever acts holds an older fence.</summary>
    readonly record struct Situation(ActKind Kind, JobLife About, JobLife? Other, bool Older, bool Young)
    {
        internal static Situation Of(World world, Act act)
        {
            var hand = act.IsWrite ? world.Of(act.On) : default;
            var job = act.IsWrite ? hand.Job : act.Kind is ActKind.Expire or ActKind.WaitPasses or >= ActKind.Cancel ? act.On : 0;
            var (about, other) = (Coarse(world.Life(job)), world.Child is null ? (JobLife?)null : Coarse(world.Life(1 - job)));
            if (act.Kind is <= ActKind.LoseWakeUp or ActKind.Forget or ActKind.Restart or ActKind.LeasePasses)
                return new Situation(act.Kind, default, null, false, false);
            // Under an older fence no row makes a difference. With two jobs it is what they do to each other that matters.
            if (hand.Older)
                return new Situation(act.Kind, new JobLife(about.State), null, true, false);
            return new Situation(act.Kind, world.Child is null ? about : about with { Attempt = 0, Crashes = 0, Waits = false }, other is { } rest ? rest with { Attempt = 0, Crashes = 0, Waits = false, Expired = false } : null, false, act.Kind == ActKind.Sweep && world.Young);
        }

        // Which attempt and which death it is matters only where it is the last.
        static JobLife Coarse(JobLife life) => life with { Attempt = life.Attempt < LifeRules.MaxAttempts ? 0 : 1, Crashes = life.Crashes < LifeRules.MostCrashes ? 0 : 1 };
    }
}
