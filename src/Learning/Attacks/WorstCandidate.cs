using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// Keeps, for each image, the candidate with the lowest mean margin z_y - max_{i != y} z_i over selecting draws (one pass
/// for a deterministic network). The earlier of two equal candidates stays.
/// </summary>
/// <param name="view">Who is attacked; frozen by the caller.</param>
/// <param name="labels">[N] int64: the true classes, also of a targeted attack.</param>
/// <param name="draws">Names the selecting draws.</param>
/// <param name="selectingDraws">How many there are.</param>
internal sealed class WorstCandidate(IClassifier view, Tensor labels, AttackDraws draws, int selectingDraws) : IDisposable
{
    Tensor? _images; // [N, 3, H, W]
    Tensor? _margins; // [N]

    /// <summary>The kept images [N, 3, H, W]; null before the first offer.</summary>
    public Tensor? Images => _images?.clone();

    /// <summary>Compares candidates with those kept.</summary>
    /// <param name="images">[N, 3, H, W]</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="logits">[N, K] of the candidates, if a pass was already made; only a deterministic network can use it.</param>
    public void Offer(Tensor images, ReadOnlySpan<long> indices, Tensor? logits)
    {
        using var scope = NewDisposeScope();
        var margins = view.Deterministic && logits is not null ? AttackObjective.Margin(logits, labels) : MeanMargin(images, indices);
        if (_images is null || _margins is null)
        {
            _images = images.clone().DetachFromDisposeScope();
            _margins = margins.DetachFromDisposeScope();
            return;
        }
        var lower = margins.lt(_margins); // [N]
        _images.copy_(images.where(lower.view(-1, 1, 1, 1), _images));
        _margins.copy_(margins.where(lower, _margins));
    }

    Tensor MeanMargin(Tensor images, ReadOnlySpan<long> indices)
    {
        var count = view.Deterministic ? 1 : selectingDraws;
        var sum = zeros([labels.shape[0]], ScalarType.Float32, labels.device);
        for (var j = 0; j < count; j++)
        {
            using var scope = NewDisposeScope();
            sum.add_(AttackObjective.Margin(view.Logits(images, indices, draws.Select(j)), labels));
        }
        return sum.div_(count);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _images?.Dispose();
        _margins?.Dispose();
    }
}
