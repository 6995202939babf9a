using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// What M draws of a view answer about N images, gathered draw by draw: draws outside, batches inside, so that noisy
/// weights are sampled once a draw. All aggregations come from the same draws; memory does not grow with M.
/// </summary>
internal sealed class SmoothedCounts : IDisposable
{
    readonly int _planned;
    readonly Aggregation? _stopFor;
    readonly IReadOnlyList<Aggregation> _aggregations;
    readonly Tensor _sums; // [A, N, K] float64
    readonly DrawGroups? _groups;
    int[]? _waiting; // rows of the images that have not left; null while all are here
    Tensor? _rows; // the same, int64
    // The draw that is being asked: who is here, and the answers of the first of them.
    long[] _here = [];
    readonly List<Tensor> _answers = [];
    int _answered;
    long _asked;

    /// <summary>Nothing asked yet.</summary>
    /// <param name="images">N.</param>
    /// <param name="classes">K.</param>
    /// <param name="device">Where the sums live.</param>
    /// <param name="draws">M, the draws that will be asked.</param>
    /// <param name="stopFor">Count this aggregation alone, and let an image leave once its answer is certain; null counts all over all draws.</param>
    /// <param name="grouped">Keep sums over groups of draws too, for intervals over draws.</param>
    public SmoothedCounts(long images, long classes, Device device, int draws, Aggregation? stopFor = null, bool grouped = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        if (stopFor is { } one) EarlyStop.LargestMove(one, classes); // refuses what cannot stop, before anything is asked
        if (stopFor is not null && grouped) throw new ArgumentException("groups of draws need every draw about every image, but images may leave early", nameof(grouped));
        (_planned, _stopFor) = (draws, stopFor);
        _aggregations = stopFor is { } only ? [only] : DrawScores.All;
        _sums = zeros([_aggregations.Count, images, classes], ScalarType.Float64, device).DetachFromDisposeScope();
        _groups = grouped ? new DrawGroups(_aggregations.Count, images, classes, device) : null;
    }

    /// <summary>Draws gathered so far.</summary>
    public int Draws { get; private set; }

    /// <summary>The same with the part of the images that the draw being asked has answered.</summary>
    public double DrawsBegun => Draws + (_answered == 0 ? 0 : (double)_answered / _here.Length);

    /// <summary>N.</summary>
    public long Images => _sums.shape[1];

    /// <summary>Images the next draw is asked about.</summary>
    public int Waiting => _waiting?.Length ?? (int)Images;

    /// <summary>True when no further draw is needed: M are gathered, or every image has left.</summary>
    public bool Finished => Draws >= _planned || Waiting == 0;

    /// <summary>Draws asked about an image, on average.</summary>
    public double MeanDraws => (double)_asked / Images;

    /// <summary>Asks M draws of a view, or one where all draws answer the same.</summary>
    /// <param name="view">Is frozen meanwhile.</param>
    /// <param name="images">[N, 3, H, W], float in [0,1] or bytes.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="stream">What the draws are for.</param>
    /// <param name="draws">M.</param>
    /// <param name="batchSize">Images of one forward pass; changes no number beyond the last bits of float sums.</param>
    /// <param name="stopFor">The aggregation that lets images leave early, or null.</param>
    public static SmoothedCounts Of(IClassifier view, Tensor images, ReadOnlySpan<long> indices, RandomStream stream, int draws, int batchSize, Aggregation? stopFor = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(draws, 1);
        var counts = new SmoothedCounts(images.shape[0], Models.WideResNet.Classes, images.device, view.Deterministic ? 1 : draws, stopFor);
        using var frozen = view.Freeze();
        while (!counts.Finished)
            counts.Add(view, images, indices, new Draw(stream, 0, counts.Draws), batchSize);
        return counts;
    }

    /// <summary>Asks one draw about all images that have not left. Freeze the view around a loop of these.</summary>
    /// <inheritdoc cref="Of"/>
    /// <returns>Images asked about.</returns>
    /// <exception cref="ArithmeticException">An answer is not a finite number.</exception>
    public int Add(IClassifier view, Tensor images, ReadOnlySpan<long> indices, Draw draw, int batchSize)
    {
        var asked = 0;
        do asked += Step(view, images, indices, draw, batchSize);
        while (_answered > 0);
        return asked;
    }

    /// <summary>
    /// Asks one draw about the next batch; with the last batch the draw is counted. A draw of a large network about many images
    /// takes long, and between batches its caller can tell and be stopped. Freeze the view around a loop of these.
    /// </summary>
    /// <inheritdoc cref="Add"/>
    public int Step(IClassifier view, Tensor images, ReadOnlySpan<long> indices, Draw draw, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        if (images.shape[0] != Images || indices.Length != Images)
            throw new ArgumentException($"expected {Images} images with as many indices, got {images.shape[0]} images and {indices.Length} indices", nameof(images));
        if (Finished) throw new InvalidOperationException($"all {_planned} draws are counted");
        using var withoutGraph = no_grad();
        using var frozen = view.Freeze();
        using var scope = NewDisposeScope();
        if (_answered == 0) _here = _waiting is null ? indices.ToArray() : Chosen(indices, _waiting);
        var count = AtOnce(_here.AsSpan(_answered), batchSize);
        var pixels = _rows is null ? images.narrow(0, _answered, count) : images.index_select(0, _rows.narrow(0, _answered, count));
        _answers.Add(view.Logits(Pixels(pixels), _here.AsSpan(_answered, count), draw).DetachFromDisposeScope());
        _answered += count;
        if (_answered == _here.Length) Count(draw);
        return count;
    }

    void Count(Draw draw)
    {
        Gather(cat(_answers), draw); // [n, K] of the images that are here
        Draws++;
        _asked += _answered;
        Forget();
        LetCertainImagesLeave();
    }

    void Forget()
    {
        foreach (var answers in _answers) answers.Dispose();
        _answers.Clear();
        _answered = 0;
    }

    // Once images have left, a batch ends with its block of indices. Who has left elsewhere then changes no company, so that
    // a shard, which is whole blocks, asks in the very batches of the whole.
    int AtOnce(ReadOnlySpan<long> here, int batchSize)
    {
        var most = Math.Min(batchSize, here.Length);
        if (_waiting is null) return most;
        var block = here[0] / ImageRange.Block;
        var count = 1;
        while (count < most && here[count] / ImageRange.Block == block) count++;
        return count;
    }

    void Gather(Tensor logits, Draw draw)
    {
        if (!double.IsFinite(logits.sum(ScalarType.Float64).item<double>()))
            throw new ArithmeticException($"the network's answers under draw {draw.Index} of stream {draw.Stream} are not finite: its weights have diverged, or their noise is too strong");
        for (var i = 0; i < _aggregations.Count; i++)
        {
            using var one = NewDisposeScope();
            var terms = DrawScores.Of(_aggregations[i], logits); // [n, K]
            if (_rows is null) _sums.select(0, i).add_(terms);
            else _sums.select(0, i).index_add_(0, _rows, terms, 1);
            _groups?.Add(i, Draws, terms);
        }
    }

    void LetCertainImagesLeave()
    {
        // No lead is longer than the draws it was made by.
        if (_stopFor is not { } aggregation || Draws * 2L < _planned) return;
        var sums = _rows is null ? _sums.select(0, 0) : _sums.select(0, 0).index_select(0, _rows); // [n, K]
        var certain = EarlyStop.Certain(aggregation, sums, _planned, _planned - Draws).cpu().data<bool>().ToArray();
        if (!certain.Contains(true)) return;
        var stay = Enumerable.Range(0, certain.Length).Where(i => !certain[i]);
        _waiting = [.. _waiting is { } before ? stay.Select(i => before[i]) : stay];
        _rows?.Dispose();
        _rows = tensor([.. _waiting.Select(row => (long)row)], [_waiting.Length], ScalarType.Int64, _sums.device).DetachFromDisposeScope();
    }

    /// <summary>How many draws answer each class: [N, K] int64, rows sum to M. A copy.</summary>
    public Tensor Votes()
    {
        using var sum = Whole(Aggregation.Votes);
        return sum.to(ScalarType.Int64);
    }

    /// <summary>h, the share of draws that answer each class: [N, K] float32, rows sum to 1.</summary>
    public Tensor VoteShares() => Mean(Aggregation.Votes);

    /// <summary>q, the mean softmax over draws: [N, K] float32, rows sum to 1.</summary>
    public Tensor MeanProbability() => Mean(Aggregation.MeanProbability);

    Tensor Mean(Aggregation aggregation)
    {
        using var scope = NewDisposeScope();
        return Whole(aggregation).div(Draws).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>The scores of one aggregation, [N, K] float64: sums of votes and rank votes, means of the others.</summary>
    public Tensor Scores(Aggregation aggregation)
    {
        using var scope = NewDisposeScope();
        return Whole(aggregation).div(DrawScores.IsCount(aggregation) ? 1 : Draws).MoveToOuterDisposeScope();
    }

    /// <summary>The answer of one aggregation, [N] int64; ties go to the lowest class.</summary>
    public Tensor Predict(Aggregation aggregation)
    {
        using var sum = Sum(aggregation);
        return Aggregations.Predict(sum);
    }

    /// <summary>The share of images whose answer is right so far, by votes or by the one aggregation that is counted.</summary>
    /// <param name="labels">[N] int64.</param>
    public double Accuracy(Tensor labels)
    {
        using var scope = NewDisposeScope();
        return (double)Predict(_aggregations[0]).eq(labels).sum().item<long>() / Images;
    }

    /// <summary>Right answers of every aggregation that is counted.</summary>
    /// <param name="labels">[N] int64.</param>
    /// <param name="seeds">Root of the resamplings, where groups of draws were kept and intervals are wanted.</param>
    public AggregatedCount Count(Tensor labels, SeedTree? seeds = null)
    {
        using var scope = NewDisposeScope();
        AggregationCount Right(Aggregation aggregation, int place) => new(
            aggregation,
            ImageSet.Of([.. Predict(aggregation).eq(labels).cpu().data<bool>()]),
            _groups is null || seeds is null || Draws < DrawGroups.FewestDraws ? null : TwoLevelBootstrap.Of(_groups.Of(place, Draws), labels, seeds));
        return new AggregatedCount((int)Images, Draws, MeanDraws, [.. _aggregations.Select(Right)]);
    }

    /// <summary>What resampling draws needs of these images, one entry an aggregation; empty where no interval over draws can be told. The caller's.</summary>
    /// <param name="labels">[N] int64.</param>
    public IReadOnlyList<ResampledImages> Resampled(Tensor labels)
    {
        if (_groups is null || Draws < DrawGroups.FewestDraws) return [];
        using var scope = NewDisposeScope();
        return [.. _aggregations.Select((_, place) => ResampledImages.Of(_groups.Of(place, Draws), labels))];
    }

    Tensor Sum(Aggregation aggregation)
    {
        for (var i = 0; i < _aggregations.Count; i++)
            if (_aggregations[i] == aggregation) return _sums.select(0, i);
        throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, $"this aggregation is not counted: images may leave early for {_stopFor}");
    }

    // A sum over the same draws for every image.
    Tensor Whole(Aggregation aggregation) => _stopFor is null
        ? Sum(aggregation)
        : throw new InvalidOperationException($"images left early for {_stopFor}, so their sums are over different draws: count without early stop");

    static long[] Chosen(ReadOnlySpan<long> indices, int[] rows)
    {
        var chosen = new long[rows.Length];
        for (var i = 0; i < rows.Length; i++) chosen[i] = indices[rows[i]];
        return chosen;
    }

    // Bytes stay bytes on the device until they are a batch.
    static Tensor Pixels(Tensor images) =>
        images.dtype == ScalarType.Byte ? images.to(ScalarType.Float32).div_(255) : images;

    /// <inheritdoc/>
    public void Dispose()
    {
        Forget();
        _sums.Dispose();
        _groups?.Dispose();
        _rows?.Dispose();
    }
}
