using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Runs;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>
/// Counts a view's answers draw by draw and batch by batch, so that its caller can tell and be stopped in between. A deterministic view is
/// asked once, because all its draws answer the same; with early stop an image is asked until its answer is certain.
/// </summary>
internal sealed class Judge : IDisposable
{
    readonly IClassifier _view;
    readonly Tensor _images; // [N, 3, 32, 32], bytes or floats
    readonly Tensor _labels; // [N]
    readonly RandomStream _stream;
    readonly int _draws;
    readonly SeedTree? _seeds;
    readonly long[] _indices;
    readonly IDisposable _frozen; // for as long as the judge lives, so that a draw's weights are sampled once for all its batches

    /// <summary>Judges the un-augmented images themselves.</summary>
    public Judge(IClassifier view, DeviceImages images, RandomStream stream, int draws, SeedTree? seeds = null, Aggregation? stopFor = null)
        : this(view, images.AllBytes, images.AllLabels, stream, draws, seeds, stopFor, images.First)
    {
    }

    /// <param name="view">Who is asked.</param>
    /// <param name="images">[N, 3, 32, 32], bytes or floats in [0,1], consecutive ones of their split; stays the caller's.</param>
    /// <param name="labels">[N] int64; stays the caller's.</param>
    /// <param name="stream">What the draws are for.</param>
    /// <param name="draws">M.</param>
    /// <param name="seeds">
    /// Root of the resamplings of intervals over draws; null for none. There are none either for a deterministic view, for fewer
    /// than <see cref="DrawGroups.FewestDraws"/> draws, and with early stop, where images have different draws.
    /// </param>
    /// <param name="stopFor">The aggregation that is counted alone and lets images leave early, or null.</param>
    /// <param name="first">Index of the first image in its split.</param>
    public Judge(IClassifier view, Tensor images, Tensor labels, RandomStream stream, int draws, SeedTree? seeds = null, Aggregation? stopFor = null, int first = 0)
    {
        (_view, _images, _labels, _stream, _draws, _seeds) = (view, images, labels, stream, draws, seeds);
        _indices = ImageIndices.Range(first, (int)images.shape[0]);
        Counts = new SmoothedCounts(_indices.Length, LabelledImages.Classes, images.device, DrawsNeeded, stopFor,
            grouped: seeds is not null && stopFor is null && DrawsNeeded >= DrawGroups.FewestDraws);
        _frozen = view.Freeze();
    }

    /// <summary>What was counted so far.</summary>
    public SmoothedCounts Counts { get; }

    /// <summary>Draws asked; between batches a fraction.</summary>
    public double DrawsDone => Counts.DrawsBegun;

    /// <summary>Draws that are asked: M, or one where all answer the same. With early stop, about fewer and fewer images.</summary>
    public int DrawsNeeded => _view.Deterministic ? 1 : _draws;

    public bool Finished => Counts.Finished;

    /// <summary>Asks the next batch of the next draw.</summary>
    /// <returns>Images asked about.</returns>
    /// <exception cref="RunInputException">The answers are not finite numbers.</exception>
    public int Advance()
    {
        try
        {
            return Counts.Step(_view, _images, _indices, new Draw(_stream, 0, Counts.Draws), EvaluationImages.BatchSize(_images.device));
        }
        catch (ArithmeticException e)
        {
            throw new RunInputException($"the network cannot be judged: {e.Message}", e);
        }
    }

    /// <summary>Right answers, of M draws also where one stands for all.</summary>
    public AggregatedCount Result() => Counts.Count(_labels, _seeds) with { Draws = _draws };

    /// <summary>The same of a shard: without intervals, and with what the merge resamples for them.</summary>
    public ShardCount ShardResult() => new(Counts.Count(_labels) with { Draws = _draws }, Counts.Resampled(_labels));

    /// <summary>A progress line after <paramref name="done"/> of <paramref name="total"/> draws.</summary>
    public JobProgress Progress(string phase, double done, double total, ProgressClock clock) =>
        new(phase, done, total, "draw", null, Counts.Draws > 0 ? Counts.Accuracy(_labels) : null, clock.ImagesPerSecond, clock.SecondsLeft(done, total));

    public void Dispose()
    {
        _frozen.Dispose();
        Counts.Dispose();
    }
}
