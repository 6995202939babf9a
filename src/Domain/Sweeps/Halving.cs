namespace KdRobust.Domain.Sweeps;

/// <summary>Who goes on to the next rung. Pure: the same scores always keep the same points.</summary>
public static class Halving
{
    /// <summary>Points of each rung, when none of them fails.</summary>
    public static IReadOnlyList<int> Sizes(HalvingSpec halving, int points)
    {
        var sizes = new List<int>();
        for (var rung = 0; rung < halving.Rungs.Count; rung++)
        {
            sizes.Add(points);
            points = Next(points, halving.Eta);
        }
        return sizes;
    }

    /// <summary>
    /// The points that reach the next rung, in their own order. Of equal scores the earlier point is the better; a point without a
    /// score never goes on.
    /// </summary>
    /// <param name="rung">The points of a rung and their scores; null, or not a number, for those that have none.</param>
    /// <param name="halving">The spec's section.</param>
    public static IReadOnlyList<int> Survivors(IReadOnlyList<(int Ordinal, double? Score)> rung, HalvingSpec halving)
    {
        var scored = rung.Where(point => point.Score is { } score && !double.IsNaN(score)).Select(point => (point.Ordinal, Score: point.Score!.Value));
        var best = halving.Goal == ScoreGoal.Maximize ? scored.OrderByDescending(point => point.Score) : scored.OrderBy(point => point.Score);
        return [.. best.ThenBy(point => point.Ordinal).Take(Next(rung.Count, halving.Eta)).Select(point => point.Ordinal).Order()];
    }

    static int Next(int points, int eta) => Math.Max(1, points / eta);
}
