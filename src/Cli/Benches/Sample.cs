namespace KdRobust.Cli.Benches;

/// <summary>Plain statistics of measured values.</summary>
static class Sample
{
    /// <summary>The middle value, or the mean of the two in the middle.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No values.</exception>
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(values));
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The smallest value that at least this share of the values does not exceed (nearest rank): always one that was measured.</summary>
    /// <param name="values">At least one.</param>
    /// <param name="share">In (0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">No values, or a share outside its range.</exception>
    public static double Quantile(IEnumerable<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        ArgumentOutOfRangeException.ThrowIfZero(sorted.Length, nameof(values));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        // A product like 40 * 0.95 must not be rounded up past its whole number.
        return sorted[(int)Math.Ceiling(share * sorted.Length - 1e-9) - 1];
    }

    /// <summary>Slope of the least-squares line.</summary>
    /// <param name="points">At least two, not all of one x.</param>
    /// <exception cref="ArgumentException">No line goes through them.</exception>
    public static double Slope(IReadOnlyCollection<(double X, double Y)> points)
    {
        var (meanX, meanY) = points.Count < 2 ? (0, 0) : (points.Average(p => p.X), points.Average(p => p.Y));
        var spread = points.Sum(p => (p.X - meanX) * (p.X - meanX));
        if (points.Count < 2 || spread == 0) throw new ArgumentException("a slope needs two points of different x", nameof(points));
        return points.Sum(p => (p.X - meanX) * (p.Y - meanY)) / spread;
    }
}
