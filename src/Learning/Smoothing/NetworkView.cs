using KdRobust.Domain.Experiments;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// A network asked with Gaussian noise on its input, not clamped, drawn per image. CNI (none) and Smoothed CNI (sigma 0.25
/// in pixels) are two views of one network.
/// </summary>
/// <param name="network">Stays the caller's.</param>
/// <param name="inputNoise">Noise on the input, or null.</param>
/// <param name="seeds">Root of all draws.</param>
/// <param name="layout">How input noise is cut into seeds.</param>
internal sealed class NetworkView(Network network, InputNoiseSpec? inputNoise, SeedTree seeds, ImageNoiseLayout layout = ImageNoiseLayout.Blocks)
    : IClassifier, IDisposable
{
    readonly ImageNoise _noise = new(seeds, layout);
    Tensor? _channelSigma; // [1, 3, 1, 1], of normalised noise in pixel units

    /// <summary>False asks the mean weights instead of noisy ones.</summary>
    public bool WeightNoise { get; init; } = true;

    /// <summary>True runs the network under bfloat16 autocast; logits are float32 all the same.</summary>
    public bool Autocast { get; init; }

    /// <inheritdoc/>
    public bool Deterministic => inputNoise is null && !(WeightNoise && network.HasWeightNoise);

    /// <inheritdoc/>
    public IDisposable Freeze() => network.Freeze();

    /// <inheritdoc/>
    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (WeightNoise) network.Source.Fix(seeds, draw);
        else network.Source.Off();
        if (inputNoise is null) return Forward(images);
        using var scope = NewDisposeScope();
        var noise = _noise.Normal(images, indices, draw);
        if (inputNoise.Unit == InputNoiseUnit.Pixel) noise.mul_(inputNoise.Sigma);
        else noise.mul_(_channelSigma ??= ChannelSigma(inputNoise.Sigma, images.device));
        return Forward(images + noise).MoveToOuterDisposeScope();
    }

    Tensor Forward(Tensor images)
    {
        if (!Autocast) return network.Module.call(images);
        using var scope = NewDisposeScope();
        using var reduced = new TorchAutocast(images.device.type);
        return network.Module.call(images).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    // N(x) + sigma n = N(x + sigma std n).
    Tensor ChannelSigma(double sigma, Device device)
    {
        var normalize = network.Shape.Architecture.Normalize ?? throw new InvalidOperationException("noise in normalised units needs a network that normalises");
        return Normalization.Channels([.. normalize.Std.Select(std => sigma * std)]).to(device).DetachFromDisposeScope();
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
    public void Dispose()
    {
        _channelSigma?.Dispose();
        _noise.Dispose();
    }
}
