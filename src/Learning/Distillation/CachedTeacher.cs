using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>A teacher that was asked before the training, about every image or about V fixed views of each.</summary>
internal sealed class CachedTeacher : ITeacher
{
    readonly Tensor _labels; // [V N, K], row v N + i of view v of image i; V = 1 without views
    readonly long _images;
    long[]? _views;

    /// <param name="labels">h [N, K], or [V, N, K]; stays the caller's.</param>
    /// <param name="spec">Temperature and floor.</param>
    public CachedTeacher(Tensor labels, DistillationSpec spec)
    {
        using var scope = NewDisposeScope();
        _images = labels.shape[^2];
        _labels = TemperedLabels.Of(labels, spec.TemperFloor, spec.Temperature).reshape(-1, labels.shape[^1]).clone().DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void BeginEpoch(long[]? views) => _views = views;

    /// <inheritdoc/>
    public Tensor OnClean(Tensor images, ReadOnlySpan<long> indices, ReadOnlySpan<long> labelled, int epoch, int step)
    {
        var rows = new long[labelled.Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = (_views is null ? 0 : _views[labelled[i]] * _images) + labelled[i];
        using var index = from_array(rows, _labels.device);
        return _labels.index_select(0, index);
    }

    /// <inheritdoc/>
    public Tensor OnPerturbed(Tensor images, ReadOnlySpan<long> indices, int epoch, int step) =>
        throw new NotSupportedException("cached labels know nothing of images that are perturbed during the training; use labels of kind online");

    public void Dispose() => _labels.Dispose();
}
