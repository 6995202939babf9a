using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// A network asked with Gaussian noise on its input: pixel units, before normalisation, not clamped, drawn per image. CNI
/// (sigma 0) and Smoothed CNI (sigma 0.25) are two views of one network.
/// </summary>
/// <param name="network">Stays the caller's.</param>
/// <param name="inputSigma">Standard deviation of the input noise in pixel units; 0 is none.</param>
/// <param name="seeds">Root of all draws.</param>
/// <param name="layout">How input noise is cut into seeds.</param>
internal sealed class NetworkView(Network network, double inputSigma, SeedTree seeds, ImageNoiseLayout layout = ImageNoiseLayout.Blocks)
    : IClassifier, IDisposable
{
    readonly ImageNoise _noise = new(seeds, layout);

    /// <summary>False asks the mean weights instead of noisy ones.</summary>
    public bool WeightNoise { get; init; } = true;

    /// <inheritdoc/>
    public bool Deterministic => inputSigma == 0 && !(WeightNoise && network.HasWeightNoise);

    /// <inheritdoc/>
    public IDisposable Freeze() => network.Freeze();

    /// <inheritdoc/>
    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (WeightNoise) network.Source.Fix(seeds, draw);
        else network.Source.Off();
        if (inputSigma == 0) return network.Module.call(images);
        using var scope = NewDisposeScope();
        var noisy = images + _noise.Normal(images, indices, draw).mul_(inputSigma);
        return network.Module.call(noisy).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective)
    {
        using var scope = NewDisposeScope();
        using var withGraph = enable_grad();
        var leaf = images.detach().requires_grad_();
        var logits = Logits(leaf, indices, draw);
        // The sum, not the mean: an image's gradient then does not depend on its batch.
        var gradient = autograd.grad([objective(logits).sum()], [leaf])[0];
        return (gradient.MoveToOuterDisposeScope(), logits.detach().MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose() => _noise.Dispose();
}
