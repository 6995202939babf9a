namespace KdRobust.Domain.Statistics;

/// <summary>
/// Are two answers to the same images differently often right? The exact paired test (McNemar 1947): images that both or
/// neither answer rightly say nothing; of the others, each is as likely to be one's as the other's if there is no difference.
/// </summary>
public static class McNemarTest
{
    /// <summary>
    /// The two-sided p value: twice the probability that a fair coin tossed b + c times gives max(b, c) heads or more, at
    /// most 1. The observed count lies in the tail, so equal counts, and no discordant image at all, give 1.
    /// </summary>
    /// <param name="onlyFirst">b, images that only the first answers rightly.</param>
    /// <param name="onlySecond">c, images that only the second answers rightly.</param>
    public static double PValue(int onlyFirst, int onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        if (onlyFirst == onlySecond) return 1;
        return Math.Min(1, 2 * ExactBinomial.UpperTail(Math.Max(onlyFirst, onlySecond), (long)onlyFirst + onlySecond, 0.5));
    }
}
