using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// What M draws of a view answer about N images, gathered draw by draw: draws outside, batches inside, so that noisy
/// weights are sampled once a draw. Votes and mean probabilities come from the same draws; memory does not grow with M.
/// </summary>
internal sealed class SmoothedCounts : IDisposable
{
    readonly Tensor _votes; // [N, K] int64
    readonly Tensor _probabilities; // [N, K] float64, a sum over draws

    /// <summary>Nothing asked yet.</summary>
    /// <param name="images">N.</param>
    /// <param name="classes">K.</param>
    /// <param name="device">Where the sums live.</param>
    public SmoothedCounts(long images, long classes, Device device)
    {
        _votes = zeros([images, classes], ScalarType.Int64, device).DetachFromDisposeScope();
        _probabilities = zeros([images, classes], ScalarType.Float64, device).DetachFromDisposeScope();
    }

    /// <summary>Draws gathered so far.</summary>
    public int Draws { get; private set; }

    /// <summary>N.</summary>
    public long Images => _votes.shape[0];

    /// <summary>Asks M draws of a view, or one where all draws answer the same.</summary>
    /// <param name="view">Is frozen meanwhile.</param>
    /// <param name="images">[N, 3, H, W], float in [0,1] or bytes.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="stream">What the draws are for.</param>
    /// <param name="draws">M.</param>
    /// <param name="batchSize">Images of one forward pass; changes no number beyond the last bits of float sums.</param>
    public static SmoothedCounts Of(IClassifier view, Tensor images, ReadOnlySpan<long> indices, RandomStream stream, int draws, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        var counts = new SmoothedCounts(images.shape[0], Models.WideResNet.Classes, images.device);
        using var frozen = view.Freeze();
        for (var index = 0; index < (view.Deterministic ? 1 : draws); index++)
            counts.Add(view, images, indices, new Draw(stream, 0, index), batchSize);
        return counts;
    }

    /// <summary>Asks one draw about all images. Freeze the view around a loop of these.</summary>
    /// <inheritdoc cref="Of"/>
    /// <exception cref="ArithmeticException">An answer is not a finite number.</exception>
    public void Add(IClassifier view, Tensor images, ReadOnlySpan<long> indices, Draw draw, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (images.shape[0] != Images || indices.Length != Images)
            throw new ArgumentException($"expected {Images} images with as many indices, got {images.shape[0]} images and {indices.Length} indices", nameof(images));
        using var withoutGraph = no_grad();
        using var frozen = view.Freeze();
        for (var start = 0; start < indices.Length; start += batchSize)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(batchSize, indices.Length - start);
            var logits = view.Logits(Pixels(images.narrow(0, start, count)), indices.Slice(start, count), draw); // [n, K]
            _votes.narrow(0, start, count).add_(nn.functional.one_hot(logits.argmax(1), logits.shape[1]));
            _probabilities.narrow(0, start, count).add_(logits.softmax(1).to(ScalarType.Float64));
        }
        Draws++;
        using var check = NewDisposeScope();
        if (!double.IsFinite(_probabilities.sum().item<double>()))
            throw new ArithmeticException($"the network's answers under draw {draw.Index} of stream {draw.Stream} are not finite: its weights have diverged, or their noise is too strong");
    }

    /// <summary>How many draws answer each class: [N, K] int64, rows sum to M. A copy.</summary>
    public Tensor Votes() => _votes.clone();

    /// <summary>h, the share of draws that answer each class: [N, K] float32, rows sum to 1.</summary>
    public Tensor VoteShares()
    {
        using var scope = NewDisposeScope();
        return _votes.to(ScalarType.Float64).div_(Draws).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>q, the mean softmax over draws: [N, K] float32, rows sum to 1.</summary>
    public Tensor MeanProbability()
    {
        using var scope = NewDisposeScope();
        return _probabilities.div(Draws).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The answer of one aggregation, [N] int64; ties go to the lowest class.</summary>
    public Tensor Predict(Aggregation aggregation) => Aggregations.Predict(aggregation switch
    {
        Aggregation.Votes => _votes,
        Aggregation.MeanProbability => _probabilities,
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "expected votes or mean-probability"),
    });

    /// <summary>Right answers of every aggregation.</summary>
    /// <param name="labels">[N] int64.</param>
    public AggregatedCount Count(Tensor labels)
    {
        using var scope = NewDisposeScope();
        AggregationCount Right(Aggregation aggregation) =>
            new(aggregation, ImageSet.Of([.. Predict(aggregation).eq(labels).cpu().data<bool>()]), null);
        return new AggregatedCount((int)Images, Draws, Draws, [Right(Aggregation.Votes), Right(Aggregation.MeanProbability)]);
    }

    // Bytes stay bytes on the device until they are a batch.
    static Tensor Pixels(Tensor images) =>
        images.dtype == ScalarType.Byte ? images.to(ScalarType.Float32).div_(255) : images;

    /// <inheritdoc/>
    public void Dispose()
    {
        _votes.Dispose();
        _probabilities.Dispose();
    }
}
