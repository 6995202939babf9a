namespace KdRobust.Domain.Statistics;

/// <summary>
/// The exact interval of a proportion (Clopper and Pearson 1934) at 95 %: each side is wrong with probability at most 2.5 %,
/// whatever the proportion. Like <see cref="WilsonInterval"/> it counts images only.
/// </summary>
/// <param name="Lower">In [0,1].</param>
/// <param name="Upper">In [0,1].</param>
public readonly record struct ClopperPearsonInterval(double Lower, double Upper)
{
    /// <summary>The interval of <paramref name="correct"/> out of <paramref name="images"/>.</summary>
    public static ClopperPearsonInterval Of(int correct, int images)
    {
        var (lower, upper) = ExactBinomial.Bounds(correct, images, 0.05);
        return new(lower, upper);
    }
}
