using KdRobust.Learning.Noise;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Smoothing;

/// <summary>Answers by a given function of (draw, image index) with ten logits.</summary>
sealed class ScriptedView(Func<long, long, float[]> logits, bool deterministic = false) : IClassifier
{
    public List<Draw> Asked { get; } = [];
    /// <summary>Images of each pass, by their indices.</summary>
    public List<long[]> Batches { get; } = [];
    public bool Deterministic => deterministic;

    public IDisposable Freeze() => new Nothing();

    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        Asked.Add(draw);
        Batches.Add(indices.ToArray());
        var rows = new List<float>();
        foreach (var index in indices) rows.AddRange(logits(draw.Index, index));
        return tensor(rows.ToArray(), [indices.Length, 10]);
    }

    public (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective) =>
        (zeros(images.shape), Logits(images, indices, draw));

    sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
