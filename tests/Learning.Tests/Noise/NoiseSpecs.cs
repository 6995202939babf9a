using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

/// <summary>White noise, and how a gradient is checked without knowing its formula.</summary>
static class NoiseSpecs
{
    internal static readonly WhiteNoiseSpec White = new()
    {
        Layers = Networks.Everywhere, Activations = ActivationNoise.None, Alpha = 0.25, Per = AlphaPer.Weight, LearningRateFactor = 1, WeightDecay = 1e-4,
    };

    /// <summary>Eight weights that are far from zero and from each other.</summary>
    internal static Tensor EightWeights => tensor(new float[] { 0.1f, -0.4f, 0.3f, 0.8f, -0.2f, 0.5f, -0.9f, 0.05f });

    /// <summary>Standard normal numbers as a layer must draw them: from the seed of their path.</summary>
    internal static Tensor Normal(long seed, params long[] size)
    {
        using var generator = new Generator((ulong)seed);
        return empty(size).normal_(0, 1, generator);
    }

    /// <summary>Compares the gradient of a loss of float64 tensors with central differences, entry by entry.</summary>
    internal static void ShouldHaveTheSlopesOf(this IReadOnlyList<(string Name, Tensor Value)> leaves, Func<Tensor> loss)
    {
        const double step = 1e-5;
        using var scope = NewDisposeScope();
        var gradients = autograd.grad([loss()], [.. leaves.Select(leaf => leaf.Value)]);
        using var withoutGraph = no_grad();
        double Loss()
        {
            using var once = NewDisposeScope();
            return loss().item<double>();
        }
        foreach (var ((name, value), gradient) in leaves.Zip(gradients))
        {
            value.dtype.ShouldBe(ScalarType.Float64);
            var entries = value.view(-1);
            for (var i = 0L; i < entries.shape[0]; i++)
            {
                var entry = entries.narrow(0, i, 1);
                entry.add_(step);
                var above = Loss();
                entry.sub_(2 * step);
                var below = Loss();
                entry.add_(step);
                var slope = (above - below) / (2 * step);
                gradient.reshape(-1)[i].item<double>().ShouldBe(slope, 1e-6 * Math.Max(1, Math.Abs(slope)), $"{name}[{i}]");
            }
        }
    }
}
