using KdRobust.Learning.Noise;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

/// <summary>Asks another view one image at a time, so that the company an image comes in cannot change a bit of its answer.</summary>
sealed class OneByOne(IClassifier view) : IClassifier
{
    public int Passes { get; private set; }
    public bool Deterministic => view.Deterministic;

    public IDisposable Freeze() => view.Freeze();

    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        using var scope = NewDisposeScope();
        var rows = new List<Tensor>();
        for (var i = 0; i < indices.Length; i++) rows.Add(view.Logits(images.narrow(0, i, 1), indices.Slice(i, 1), draw));
        Passes += rows.Count;
        return cat(rows).MoveToOuterDisposeScope();
    }

    public (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective) =>
        view.InputGradient(images, indices, draw, objective);
}
