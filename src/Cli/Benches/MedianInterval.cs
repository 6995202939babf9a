namespace KdRobust.Cli.Benches;

/// <summary>A median with the distribution-free 95 % interval of order statistics: no assumption about the noise.</summary>
/// <param name="Median">The middle value.</param>
/// <param name="Lower">The lower bound.</param>
/// <param name="Upper">The upper bound.</param>
sealed record MedianInterval(double Median, double Lower, double Upper)
{
    /// <summary>The interval of at least six values; below that no two order statistics cover the median with 95 %.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than six values.</exception>
    public static MedianInterval Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        var n = sorted.Length;
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 6, nameof(values));

        // The k-th smallest lies above the median with probability P(Bin(n, 1/2) < k); both tails together stay under 5 %.
        var k = 0;
        for (double term = Math.Pow(0.5, n), below = term; below <= 0.025; below += term)
        {
            term = term * (n - k) / (k + 1);
            k++;
        }
        return new MedianInterval(Sample.Median(sorted), sorted[k - 1], sorted[n - k]);
    }
}
