using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// Prediction smoothing and soft prediction smoothing as formulas over all logits at once: the readable twin of
/// <see cref="SmoothedCounts"/>, for as many draws as fit in memory.
/// </summary>
internal static class Aggregations
{
    /// <summary>h: how many draws answer each class; ties inside a draw go to the lowest class.</summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] int64, rows sum to M.</returns>
    public static Tensor Votes(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var answers = logits.argmax(2); // [M, N]
        return nn.functional.one_hot(answers, logits.shape[2]).sum(dim: 0).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>q: the mean softmax.</summary>
    /// <param name="logits">[M, N, K]</param>
    /// <returns>[N, K] float64, rows sum to 1.</returns>
    public static Tensor MeanProbability(Tensor logits)
    {
        using var scope = NewDisposeScope();
        return logits.softmax(2).to(ScalarType.Float64).mean([0]).MoveToOuterDisposeScope(); // [M, N, K] -> [N, K]
    }

    /// <summary>The class with the highest score; ties go to the lowest class.</summary>
    /// <param name="scores">[N, K]: votes or mean probabilities.</param>
    /// <returns>[N] int64.</returns>
    public static Tensor Predict(Tensor scores) => scores.argmax(1);

    /// <summary>The scores of one aggregation over all logits.</summary>
    /// <param name="aggregation">Which.</param>
    /// <param name="logits">[M, N, K]</param>
    public static Tensor Scores(Aggregation aggregation, Tensor logits) => aggregation switch
    {
        Aggregation.Votes => Votes(logits),
        Aggregation.MeanProbability => MeanProbability(logits),
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "expected votes or mean-probability"),
    };
}
