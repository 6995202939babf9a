using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

/// <summary>Two layers on whole images with noise on the second: a random network so cheap that every combination can be tried.</summary>
sealed class Perceptron : IClassifier, IDisposable
{
    readonly double _noise;
    readonly Tensor _first; // [3072, 8]
    readonly Tensor _second; // [8, 10]
    readonly SeedTree _seeds = new(21);

    internal Perceptron(double noise = 0)
    {
        _noise = noise;
        using var generator = new Generator(5);
        using var scope = NewDisposeScope();
        _first = randn([3072, 8], generator: generator).mul_(0.05).DetachFromDisposeScope();
        _second = randn([8, 10], generator: generator).DetachFromDisposeScope();
    }

    /// <summary>All draws asked, in order.</summary>
    internal List<Draw> Asked { get; } = [];

    /// <summary>The most tensors that were alive when a question came.</summary>
    internal long MostAlive { get; private set; }

    public bool Deterministic => _noise == 0;

    public IDisposable Freeze() => new Nothing();

    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        Asked.Add(draw);
        MostAlive = Math.Max(MostAlive, TensorStatistics.Live);
        using var scope = NewDisposeScope();
        return (images - 0.5).flatten(1).matmul(_first).tanh().matmul(Deterministic ? _second : Noisy(draw)).MoveToOuterDisposeScope();
    }

    Tensor Noisy(Draw draw)
    {
        using var generator = new Generator((ulong)_seeds.Seed(draw.Stream, draw.Epoch, draw.Index));
        return _second + (randn([8, 10], generator: generator) * _noise);
    }

    public (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective)
    {
        using var scope = NewDisposeScope();
        using var withGraph = enable_grad();
        var leaf = images.detach().requires_grad_();
        var logits = Logits(leaf, indices, draw);
        var gradient = autograd.grad([objective(logits).sum()], [leaf])[0];
        return (gradient.MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    /// <summary>The classes of the mean weights: labels that most draws agree with.</summary>
    internal Tensor Classes(Tensor images)
    {
        using var scope = NewDisposeScope();
        return (images - 0.5).flatten(1).matmul(_first).tanh().matmul(_second).argmax(1).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
