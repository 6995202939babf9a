using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
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

    /// <summary>The view that <paramref name="shape"/> describes on a network of that shape.</summary>
    public static NetworkView Of(Network network, ViewShape shape, SeedTree seeds, ImageNoiseLayout layout = ImageNoiseLayout.Blocks) =>
        new(network, shape.InputNoise, seeds, layout) { WeightNoise = shape.WeightNoise, Sharing = shape.Sharing };

    /// <summary>False asks the mean weights and clean activations: no noise inside the network at all.</summary>
    public bool WeightNoise { get; init; } = true;

    /// <summary>
    /// Whether the images of a pass share its draw of the weights. Otherwise every image is asked under a draw of its own, by
    /// itself: as many samples of the weights, and passes of one image, as there are images. Its answers depend on its index
    /// and on no other image, batch or shard, to the last bit.
    /// </summary>
    public DrawSharing Sharing { get; init; }

    /// <summary>True runs the network under bfloat16 autocast; logits are float32 all the same.</summary>
    public bool Autocast { get; init; }

    /// <inheritdoc/>
    public bool Deterministic => inputNoise is null && !HasWeightNoise;

    bool HasWeightNoise => WeightNoise && network.HasWeightNoise;

    bool AsksImageByImage => Sharing == DrawSharing.Image && HasWeightNoise;

    /// <inheritdoc/>
    public IDisposable Freeze() => network.Freeze();

    /// <inheritdoc/>
    /// <remarks>With a draw an image, a graph holds as many samples of the weights as images; <see cref="InputGradient"/> holds one at a time.</remarks>
    /// <exception cref="InvalidOperationException">In training mode with a draw an image.</exception>
    public Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (inputNoise is null) return AskAll(images, indices, draw);
        using var scope = NewDisposeScope();
        var noise = _noise.Normal(images, indices, draw);
        if (inputNoise.Unit == InputNoiseUnit.Pixel) noise.mul_(inputNoise.Sigma);
        else noise.mul_(_channelSigma ??= ChannelSigma(inputNoise.Sigma, images.device));
        return AskAll(images + noise, indices, draw).MoveToOuterDisposeScope();
    }

    // N(x) + sigma n = N(x + sigma std n).
    Tensor ChannelSigma(double sigma, Device device)
    {
        var normalize = network.Shape.Architecture.Normalize ?? throw new InvalidOperationException("noise in normalised units needs a network that normalises");
        return Normalization.Channels([.. normalize.Std.Select(std => sigma * std)], device).DetachFromDisposeScope();
    }

    Tensor AskAll(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (!AsksImageByImage) return Ask(images, indices, draw);
        if (network.Module.training)
            throw new InvalidOperationException("a draw of the weights an image is for evaluation, because batch normalisation learns nothing from batches of one image: freeze the view, or let its images share their draws");
        using var scope = NewDisposeScope();
        var rows = new Tensor[indices.Length];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = Ask(images.narrow(0, row, 1), indices.Slice(row, 1), draw with { Image = indices[row] });
        return cat(rows).MoveToOuterDisposeScope();
    }

    // One forward pass: the images already noisy, the weights those of the draw.
    Tensor Ask(Tensor images, ReadOnlySpan<long> indices, Draw draw)
    {
        if (images.shape[0] != indices.Length) throw new ArgumentException($"{images.shape[0]} images came with {indices.Length} indices", nameof(indices));
        if (WeightNoise) network.Source.Fix(seeds, draw, indices);
        else network.Source.Off();
        return Forward(images);
    }

    Tensor Forward(Tensor images)
    {
        if (!Autocast) return network.Module.call(images);
        using var scope = NewDisposeScope();
        using var reduced = new TorchAutocast(images.device.type);
        return network.Module.call(images).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective)
    {
        using var scope = NewDisposeScope();
        var (gradient, logits) = AsksImageByImage ? GradientImageByImage(images, indices, draw, objective) : GradientOfBatch(images, indices, draw, objective);
        return (gradient.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());
    }

    (Tensor Gradient, Tensor Logits) GradientOfBatch(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective)
    {
        using var withGraph = enable_grad();
        var leaf = images.detach().requires_grad_();
        var logits = Logits(leaf, indices, draw);
        // The sum, not the mean: an image's gradient then does not depend on its batch.
        return (autograd.grad([objective(logits).sum()], [leaf])[0], logits.detach());
    }

    (Tensor Gradient, Tensor Logits) GradientImageByImage(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective)
    {
        var count = indices.Length;
        var (gradients, logits) = (new Tensor[count], new Tensor[count]);
        for (var i = 0; i < count; i++)
        {
            using var one = NewDisposeScope();
            var row = i;
            var (gradient, answer) = GradientOfBatch(images.narrow(0, row, 1), indices.Slice(row, 1), draw, own => objective(AtRow(own, row, count)).narrow(0, row, 1));
            (gradients[row], logits[row]) = (gradient.MoveToOuterDisposeScope(), answer.MoveToOuterDisposeScope());
        }
        return (cat(gradients), cat(logits));
    }

    // The objective knows the labels of the whole batch, so the answer stands in its own row; the other rows have no graph.
    static Tensor AtRow(Tensor answer, int row, int count)
    {
        var others = answer.detach().expand(count, -1); // [1, K] -> [N, K]
        return cat([others.narrow(0, 0, row), answer, others.narrow(0, row + 1, count - row - 1)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _channelSigma?.Dispose();
        _noise.Dispose();
    }
}
