using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Tests.Lives;

/// <summary>A promise that does not hold, and how to get there.</summary>
sealed class BrokenPromiseException(string promise, string how) : Exception($"{promise}\n{how}")
{
    internal string Promise => promise;
}

/// <summary>
/// Every world that can be reached, breadth first, with every act in each: what is promised of a world or of an act is
/// checked on the way, what is promised of the future (that a job cannot get stuck) on the whole graph afterwards.
/// </summary>
sealed class LifeExplorer
{
    readonly LifeRules rules;
    readonly Dictionary<ulong, int> known = [];
    readonly List<World> worlds = [];
    readonly List<(int World, Act Act)> reachedBy = [];
    readonly List<int> from = [], to = [];
    readonly List<ActKind> by = [];

    LifeExplorer(LifeRules rules) => this.rules = rules;

    internal IReadOnlyList<World> Worlds => worlds;

    /// <summary>Acts tried, those included that changed nothing.</summary>
    internal long Edges { get; private set; }

    /// <summary>Explores everything.</summary>
    /// <exception cref="BrokenPromiseException">A promise does not hold; the path is a shortest one.</exception>
    internal static LifeExplorer Explore(LifeRules rules, bool withChild)
    {
        var explorer = new LifeExplorer(rules);
        explorer.Add(LifeModel.Begin(withChild), (-1, default));
        for (var next = 0; next < explorer.worlds.Count; next++)
            explorer.Expand(next);
        explorer.CheckTheFuture();
        return explorer;
    }

    /// <summary>The acts of a shortest path to a world.</summary>
    internal IReadOnlyList<Act> PathTo(int world)
    {
        var path = new List<Act>();
        for (var (before, act) = reachedBy[world]; before >= 0; (before, act) = reachedBy[before])
            path.Add(act);
        path.Reverse();
        return path;
    }

    void Expand(int at)
    {
        var world = worlds[at];
        foreach (var act in Act.Of(world))
        {
            var outcome = LifeModel.Do(rules, world, act);
            Edges++;
            if ((LifePromises.BrokenBy(world, act, outcome) ?? LifePromises.BrokenIn(outcome.World)) is { } promise)
                throw Broken(promise, at, act);
            var after = Add(outcome.World, (at, act));
            if (after == at)
                continue;
            from.Add(at);
            to.Add(after);
            by.Add(act.Kind);
        }
    }

    int Add(World world, (int, Act) reached)
    {
        if (known.TryGetValue(world.Packed, out var at))
            return at;
        known.Add(world.Packed, worlds.Count);
        worlds.Add(world);
        reachedBy.Add(reached);
        return worlds.Count - 1;
    }

    void CheckTheFuture()
    {
        Always(LifePromises.Claimed, kind => kind is ActKind.Poll or ActKind.Claim or ActKind.WaitPasses or ActKind.Forget, world => world.All(life => life.State != JobState.Queued));
        Always(LifePromises.Taken, kind => kind is ActKind.Expire or ActKind.Sweep or ActKind.LeasePasses, world => world.All(life => life.State != JobState.Running));
        // Whatever a person may still want, nobody has to cancel a job to be rid of it.
        Always(LifePromises.Ends, kind => kind != ActKind.Cancel, world => world.All(life => life.State.IsTerminal()));
    }

    /// <summary>From every world one leads to a goal by acts of some kinds alone.</summary>
    void Always(string promise, Func<ActKind, bool> counts, Func<World, bool> goal)
    {
        var first = new int[worlds.Count + 1];
        for (var edge = 0; edge < to.Count; edge++)
            if (counts(by[edge]))
                first[to[edge] + 1]++;
        for (var world = 0; world < worlds.Count; world++)
            first[world + 1] += first[world];
        var before = new int[first[^1]];
        var filled = first.ToArray();
        for (var edge = 0; edge < to.Count; edge++)
            if (counts(by[edge]))
                before[filled[to[edge]]++] = from[edge];

        var leads = new bool[worlds.Count];
        var open = new Stack<int>();
        for (var world = 0; world < worlds.Count; world++)
            if (goal(worlds[world]))
                Reach(world);
        while (open.TryPop(out var world))
            for (var edge = first[world]; edge < first[world + 1]; edge++)
                Reach(before[edge]);
        if (Array.IndexOf(leads, false) is >= 0 and var stuck)
            throw Broken(promise, stuck, null);

        void Reach(int world)
        {
            if (leads[world])
                return;
            leads[world] = true;
            open.Push(world);
        }
    }

    BrokenPromiseException Broken(string promise, int at, Act? act) =>
        new(promise, $"{string.Join(", ", PathTo(at).Concat(act is { } last ? [last] : []).Select(step => $"{step.Kind} {step.On}"))}\nin {worlds[at]}");
}
