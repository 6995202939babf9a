namespace KdRobust.Chaos.Faults;

/// <summary>Something that goes wrong, or that somebody asks, in the middle of work.</summary>
/// <param name="Name">As it is counted.</param>
/// <param name="Weight">How often it is drawn, over all others'.</param>
/// <param name="Strike">Does it, and undoes it where it passes by itself; drawn from the dice alone. Returns what was done in words, or null when there was nothing to do it to.</param>
/// <param name="Missing">Why it cannot happen here; null when it can.</param>
public sealed record Fault(string Name, int Weight, Func<Random, Task<string?>> Strike, string? Missing = null);

/// <summary>A fault at its time.</summary>
/// <param name="At">After the beginning.</param>
/// <param name="Fault">Its name.</param>
/// <param name="Seed">Its own dice.</param>
public sealed record PlannedFault(TimeSpan At, string Fault, int Seed)
{
    public override string ToString() => FormattableString.Invariant($"{At.TotalSeconds,8:0.00} s  {Fault}");
}

/// <summary>The order of what goes wrong, drawn from a seed before anything does.</summary>
public static class FaultSchedule
{
    /// <summary>Draws one.</summary>
    /// <param name="seed">The same seed, the same schedule.</param>
    /// <param name="duration">How long.</param>
    /// <param name="weights">Every fault's name and how often it is drawn.</param>
    /// <param name="between">Mean time between two.</param>
    public static IReadOnlyList<PlannedFault> Draw(int seed, TimeSpan duration, IReadOnlyList<(string Name, int Weight)> weights, TimeSpan between)
    {
        var dice = new Random(seed);
        var all = weights.Sum(fault => fault.Weight);
        var planned = new List<PlannedFault>();
        for (var at = TimeSpan.Zero; ;)
        {
            at += between * (2 * dice.NextDouble());
            if (at >= duration)
                return planned;
            var drawn = dice.Next(all);
            planned.Add(new PlannedFault(at, weights.First(fault => (drawn -= fault.Weight) < 0).Name, dice.Next()));
        }
    }
}
