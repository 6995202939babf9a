using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// When an image may leave an evaluation before its last draw: once no answers of the remaining draws, whatever they are,
/// can change which class has the highest sum. The image's answer is then the one it would have had, ties included.
/// </summary>
/// <remarks>
/// What is exact is the rule, given the logits of the draws. Those who stay are asked in other company of their block of
/// images, and a float sum inside the network may differ in its last bit from one batch to another, as between two batch sizes. A view
/// that draws its weights for every image asks image by image, so there nothing differs at all.
/// </remarks>
internal static class EarlyStop
{
    /// <summary>
    /// The most that one draw can move the difference of two classes: 1 for votes and probabilities, 1 - 2^-(K-1) from the
    /// last rank to the first.
    /// </summary>
    /// <exception cref="ArgumentException">One draw can move it by any amount.</exception>
    public static double LargestMove(Aggregation aggregation, long classes) => aggregation switch
    {
        Aggregation.Votes or Aggregation.MeanProbability => 1,
        Aggregation.RankVote => 1 - Math.ScaleB(1, (int)(1 - classes)),
        _ => throw new ArgumentException($"one draw can move {aggregation} by any amount, so no image can stop early: expected votes, mean-probability or rank-vote", nameof(aggregation)),
    };

    /// <summary>Which images' answers are certain.</summary>
    /// <param name="aggregation">Votes, mean probability or rank vote.</param>
    /// <param name="sums">[N, K] float64, over the draws so far.</param>
    /// <param name="draws">M, all draws.</param>
    /// <param name="remaining">Draws still to come, 0..M.</param>
    /// <returns>[N] bool.</returns>
    public static Tensor Certain(Aggregation aggregation, Tensor sums, int draws, int remaining)
    {
        using var scope = NewDisposeScope();
        var reach = (remaining * LargestMove(aggregation, sums.shape[1])) + Rounding(aggregation, draws);
        var classes = arange(sums.shape[1], ScalarType.Int64, sums.device).unsqueeze(0); // [1, K]
        var best = sums.argmax(1, keepdim: true); // [N, 1]
        var lead = sums.gather(1, best) - sums; // [N, K]
        // A class that can only draw level wins the tie when it is lower than the best one.
        var beaten = lead.gt(reach).logical_or(lead.eq(reach).logical_and(classes.gt(best)));
        return beaten.logical_or(classes.eq(best)).all(1).MoveToOuterDisposeScope();
    }

    // Votes and powers of two add up exactly. Of probabilities, two sums of at most M terms err by at most M ulp(M) / 2 each
    // and their difference by one more rounding: with this to spare no image leaves because of rounding.
    static double Rounding(Aggregation aggregation, int draws) =>
        aggregation == Aggregation.MeanProbability ? Math.ScaleB((double)draws * draws, -51) : 0;
}
