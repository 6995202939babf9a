using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// How M draws become one answer, as formulas over all logits at once: the readable twin of <see cref="SmoothedCounts"/>,
/// for as many draws as fit in memory. Scores are higher for better classes; ties go to the lowest class.
/// </summary>
internal static class Aggregations
{
    /// <summary>Prediction smoothing, h: how many draws answer each class; ties inside a draw go to the lowest class.</summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] int64, rows sum to M.</returns>
    public static Tensor Votes(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var answers = logits.argmax(2); // [M, N]
        return nn.functional.one_hot(answers, logits.shape[2]).sum(dim: 0).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>Soft prediction smoothing, q: the mean softmax.</summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] float64, rows sum to 1.</returns>
    public static Tensor MeanProbability(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.softmax(2).to(ScalarType.Float64).mean([0]).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>The mean logit, which the public codes call soft prediction; unlike it, one draw can outweigh all others.</summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] float64.</returns>
    public static Tensor MeanLogit(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.to(ScalarType.Float64).mean([0]).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>
    /// The mean log softmax: the logarithm of the geometric mean of the draws' probabilities, up to a constant of the image. A
    /// log softmax shifts all logits of a draw alike, so its answers are those of the mean logit; its scores are not.
    /// </summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] float64.</returns>
    public static Tensor MeanLogProbability(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.log_softmax(2).to(ScalarType.Float64).mean([0]).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>
    /// The rank vote (SIAM's "mclogits"): every draw adds 2^-rank to each class, rank 0 for the highest logit; the lower of two
    /// classes level in a draw has the better rank.
    /// </summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] float64, rows sum to M (2 - 2^(1-K)); exact.</returns>
    public static Tensor RankVote(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var classes = arange(logits.shape[2], ScalarType.Int64, logits.device);
        var (own, other) = (logits.unsqueeze(3), logits.unsqueeze(2)); // [M, N, K, 1], [M, N, 1, K]
        var lower = classes.unsqueeze(0).lt(classes.unsqueeze(1)); // [K, K]: the other class is the lower one
        var ranks = other.gt(own).logical_or(other.eq(own).logical_and(lower)).sum(3); // [M, N, K, K] -> [M, N, K]: classes before this one
        var weights = RankWeights(logits.shape[2], logits.device);
        return weights.index_select(0, ranks.flatten()).view(logits.shape).sum(dim: 0).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>2^-rank for rank 0..K-1, [K] float64.</summary>
    public static Tensor RankWeights(long classes, Device device) =>
        tensor(Enumerable.Range(0, (int)classes).Select(rank => Math.ScaleB(1, -rank)).ToArray(), device: device);

    /// <summary>The class with the highest score; ties go to the lowest class.</summary>
    /// <param name="scores">[N, K]</param>
    /// <returns>[N] int64.</returns>
    public static Tensor Predict(Tensor scores) => scores.argmax(1);

    /// <summary>The scores of one aggregation over all logits.</summary>
    /// <param name="aggregation">Which.</param>
    /// <param name="logits">[M, N, K]</param>
    public static Tensor Scores(Aggregation aggregation, Tensor logits) => aggregation switch
    {
        Aggregation.Votes => Votes(logits),
        Aggregation.MeanProbability => MeanProbability(logits),
        Aggregation.MeanLogit => MeanLogit(logits),
        Aggregation.MeanLogProbability => MeanLogProbability(logits),
        Aggregation.RankVote => RankVote(logits),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no such aggregation"),
    };
}
