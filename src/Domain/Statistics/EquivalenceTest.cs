namespace KdRobust.Domain.Statistics;

/// <summary>
/// Are two proportions over the same images the same within a margin? Two one-sided tests (Schuirmann 1987) with the paired
/// score statistic (<see cref="PairedDifference"/>).
/// </summary>
/// <param name="PAboveLower">p value against "the first is worse by the margin or more".</param>
/// <param name="PBelowUpper">p value against "the first is better by the margin or more".</param>
/// <param name="Lower">Lower 90 % bound of first - second, in [-1, 1].</param>
/// <param name="Upper">Upper 90 % bound; both lie inside the margin exactly when <paramref name="PAboveLower"/> and <paramref name="PBelowUpper"/> are below 5 %.</param>
public readonly record struct EquivalenceTest(double PAboveLower, double PBelowUpper, double Lower, double Upper)
{
    /// <summary>The larger of the two: equivalence is shown when both tests reject.</summary>
    public double P => Math.Max(PAboveLower, PBelowUpper);

    /// <summary>The test.</summary>
    /// <param name="onlyFirst">b, images that only the first answers rightly.</param>
    /// <param name="onlySecond">c, images that only the second answers rightly.</param>
    /// <param name="images">n.</param>
    /// <param name="margin">Above 0 and at most 1.</param>
    public static EquivalenceTest Of(int onlyFirst, int onlySecond, int images, double margin)
    {
        if (margin is not (> 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(margin), margin, "expected a share of the images, above 0 and at most 1");
        var (lower, upper) = PairedDifference.Interval(onlyFirst, onlySecond, images, 0.90);
        return new(
            Tail(PairedDifference.Score(onlyFirst, onlySecond, images, -margin)),
            Tail(-PairedDifference.Score(onlyFirst, onlySecond, images, margin)), lower, upper);
    }

    // P(Z > z) for any z; beyond 37 deviations the density itself is 0.
    static double Tail(double z) => NormalDistribution.UpperTail(Math.Min(Math.Abs(z), 40)) is var tail && z >= 0 ? tail : 1 - tail;
}
