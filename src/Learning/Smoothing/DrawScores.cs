using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>What one draw adds to the sum of an aggregation: all of them are sums over draws, and means are divided in the end.</summary>
internal static class DrawScores
{
    /// <summary>All aggregations, in the order of results.</summary>
    public static IReadOnlyList<Aggregation> All { get; } =
        [Aggregation.Votes, Aggregation.MeanProbability, Aggregation.MeanLogit, Aggregation.MeanLogProbability, Aggregation.RankVote];

    /// <summary>True when the score is the sum itself, false when it is the mean.</summary>
    public static bool IsCount(Aggregation aggregation) => aggregation is Aggregation.Votes or Aggregation.RankVote;

    /// <summary>The terms of one draw.</summary>
    /// <param name="aggregation">Which.</param>
    /// <param name="logits">[N, K], finite.</param>
    /// <returns>[N, K] float64.</returns>
    public static Tensor Of(Aggregation aggregation, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var terms = aggregation switch
        {
            Aggregation.Votes => nn.functional.one_hot(logits.argmax(1), logits.shape[1]),
            Aggregation.MeanProbability => logits.softmax(1),
            Aggregation.MeanLogit => logits,
            Aggregation.MeanLogProbability => logits.log_softmax(1),
            Aggregation.RankVote => Ranks(logits),
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no such aggregation"),
        };
        return terms.to(ScalarType.Float64, copy: true).MoveToOuterDisposeScope();
    }

    static Tensor Ranks(Tensor logits)
    {
        var order = logits.sort(1, descending: true, stable: true).Indices; // [N, K]: the class of each rank, the lower of two level ones first
        var weights = Aggregations.RankWeights(logits.shape[1], logits.device);
        return zeros(logits.shape, ScalarType.Float64, logits.device).scatter_(1, order, weights.expand(logits.shape));
    }
}
