namespace KdRobust.Domain.Statistics;

/// <summary>
/// The score interval of a proportion (Wilson 1927) at 95 %. For a randomised model it counts images only: errors that one
/// weight draw makes on many images together are not in it, and tables say so.
/// </summary>
/// <param name="Lower">In [0,1].</param>
/// <param name="Upper">In [0,1].</param>
public readonly record struct WilsonInterval(double Lower, double Upper)
{
    const double Z = 1.959963984540054;

    /// <summary>The interval of <paramref name="correct"/> out of <paramref name="images"/>.</summary>
    public static WilsonInterval Of(int correct, int images)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(correct);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(correct, images);
        double n = images, p = correct / n, z2 = Z * Z;
        var centre = (p + z2 / (2 * n)) / (1 + z2 / n);
        var half = Z / (1 + z2 / n) * Math.Sqrt(p * (1 - p) / n + z2 / (4 * n * n));
        return new(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}
