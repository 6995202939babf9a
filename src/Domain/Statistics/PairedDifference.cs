namespace KdRobust.Domain.Statistics;

/// <summary>
/// The difference of two proportions over the same images, by the score statistic of Tango (1998): its variance is that of
/// the likeliest model in which the difference is the one asked about, so it stays sound where few images are discordant,
/// and where none is.
/// </summary>
public static class PairedDifference
{
    /// <summary>How many standard deviations the observed difference (b - c) / n lies above <paramref name="difference"/>.</summary>
    /// <param name="onlyFirst">b, images that only the first answers rightly.</param>
    /// <param name="onlySecond">c, images that only the second answers rightly.</param>
    /// <param name="images">n, at least 1.</param>
    /// <param name="difference">The difference first - second that is asked about, in [-1, 1].</param>
    /// <returns>Infinite where the model leaves no room for chance.</returns>
    public static double Score(int onlyFirst, int onlySecond, int images, double difference)
    {
        Validate(onlyFirst, onlySecond, images);
        if (difference is not (>= -1 and <= 1)) throw new ArgumentOutOfRangeException(nameof(difference), difference, "expected a difference of proportions, -1 to 1");
        double b = onlyFirst, c = onlySecond, n = images;
        var distance = b - c - n * difference;
        var variance = n * (2 * LikeliestSecond(b, c, n, difference) + difference * (1 - difference));
        if (variance > 0) return distance / Math.Sqrt(variance);
        return distance == 0 ? 0 : distance * double.PositiveInfinity;
    }

    /// <summary>The differences that a two-sided score test does not reject.</summary>
    /// <param name="onlyFirst">b.</param>
    /// <param name="onlySecond">c.</param>
    /// <param name="images">n.</param>
    /// <param name="confidence">E.g. 0.95; above 0 and below 1.</param>
    /// <returns>Bounds of first - second in [-1, 1]; they hold the observed difference.</returns>
    public static (double Lower, double Upper) Interval(int onlyFirst, int onlySecond, int images, double confidence)
    {
        Validate(onlyFirst, onlySecond, images);
        if (confidence is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(confidence), confidence, "expected a probability above 0 and below 1");
        var z = NormalDistribution.Quantile((1 + confidence) / 2);
        var observed = (double)(onlyFirst - onlySecond) / images;
        // The score falls as the difference rises.
        return (Bisect(-1, observed, d => Score(onlyFirst, onlySecond, images, d) > z), Bisect(observed, 1, d => Score(onlyFirst, onlySecond, images, d) >= -z));
    }

    // The likeliest share of "only second right" when the difference is given: the larger root of
    // 2n q^2 + (2n d - b - c - (b - c) d) q - c d (1 - d) = 0, in the form that does not cancel.
    static double LikeliestSecond(double b, double c, double n, double difference)
    {
        var linear = (2 * n - b + c) * difference - b - c;
        var constant = -c * difference * (1 - difference);
        var root = Math.Sqrt(Math.Max(0, linear * linear - 8 * n * constant));
        if (linear <= 0) return (root - linear) / (4 * n);
        return -2 * constant / (root + linear);
    }

    static double Bisect(double low, double high, Func<double, bool> isBelow)
    {
        for (var i = 0; i < 200 && low + (high - low) / 2 is var middle && middle > low && middle < high; i++)
        {
            if (isBelow(middle)) low = middle;
            else high = middle;
        }
        return low + (high - low) / 2;
    }

    static void Validate(int onlyFirst, int onlySecond, int images)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        if ((long)onlyFirst + onlySecond > images)
            throw new ArgumentOutOfRangeException(nameof(images), images, $"expected at least the {(long)onlyFirst + onlySecond} images of which only one answer is right");
    }
}
