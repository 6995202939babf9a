using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>
/// Right answers of several views about every iterate k = 0..K of an attack, counted while it is crafted: numbers are kept,
/// no images, so memory does not grow with k. Every k is judged by fresh draws of a stream of its own; all batches and all
/// views share them. The iterates are those of the first restart, whichever iterate the attack keeps in the end.
/// </summary>
/// <param name="views">Who is asked; stay the caller's.</param>
/// <param name="steps">K.</param>
/// <param name="draws">Draws an iterate; one is asked where all answer the same.</param>
internal sealed class IterateCurves(IReadOnlyList<IClassifier> views, int steps, int draws)
{
    readonly List<Dictionary<Aggregation, int[]>> _right = [.. views.Select(_ => new Dictionary<Aggregation, int[]>())];

    /// <summary>Asks all views about iterate k of further images.</summary>
    /// <param name="k">0..K.</param>
    /// <param name="images">[N, 3, H, W] in [0,1]; is left as it is.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="labels">[N] int64.</param>
    /// <exception cref="RunInputException">A view's answers are not finite numbers.</exception>
    public void Add(int k, Tensor images, ReadOnlySpan<long> indices, Tensor labels)
    {
        for (var i = 0; i < views.Count; i++)
            foreach (var (aggregation, right) in Count(i, k, images, indices, labels).Aggregations.Select(a => (a.Aggregation, a.Correct)))
            {
                if (!_right[i].TryGetValue(aggregation, out var curve)) _right[i].Add(aggregation, curve = new int[steps + 1]);
                curve[k] += right;
            }
    }

    AggregatedCount Count(int target, int k, Tensor images, ReadOnlySpan<long> indices, Tensor labels)
    {
        try
        {
            using var counts = SmoothedCounts.Of(views[target], images, indices, RandomStream.ReportAt(k), draws, EvaluationImages.BatchSize(images.device));
            return counts.Count(labels);
        }
        catch (ArithmeticException e)
        {
            throw new RunInputException($"target {target + 1} cannot be judged at iterate {k}: {e.Message}", e);
        }
    }

    /// <summary>One curve a view, over all images so far; of M draws also where one stands for all.</summary>
    public IReadOnlyList<TargetCurve> Results() =>
        [.. _right.Select(curves => new TargetCurve(draws, [.. curves.Select(curve => new AggregationCurve(curve.Key, curve.Value))]))];
}
