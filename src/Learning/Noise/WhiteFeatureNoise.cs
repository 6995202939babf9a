using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// x' = x + alpha std(x) z on activations (PNI): z is drawn for every value of every image from the image's own seed, so that
/// it depends neither on batch nor shard. No gradient reaches std(x). Parameter: <c>input_noise_alpha</c> or
/// <c>output_noise_alpha</c>, [C, H, W] (one a value) or [1] (one a layer), as the weights' alphas.
/// </summary>
internal sealed class WhiteFeatureNoise : FeatureNoise
{
    readonly Parameter _alpha;

    /// <param name="site">Before or after the convolution.</param>
    /// <param name="size">[C, H, W]</param>
    /// <param name="noise">Initial alpha and how many there are.</param>
    /// <param name="source">Under which draw, and for which images.</param>
    /// <param name="layer">The layer's number in seeds.</param>
    public WhiteFeatureNoise(string site, long[] size, WhiteNoiseSpec noise, NoiseSource source, int layer)
        : base(site, size, source, layer)
    {
        _alpha = WhiteNoise.Alphas(noise.Per, noise.Alpha, size);
        Parameters = [(Named("alpha"), _alpha)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

    /// <inheritdoc/>
    protected override Tensor Noise(Tensor features)
    {
        var deviation = features.detach().flatten(1).std(1).reshape(-1, 1, 1, 1); // [N, 1, 1, 1]
        return _alpha * deviation * Normal(features);
    }

    // Standard normal [N, C, H, W] in the parameters' type, whatever the activations are rounded to.
    Tensor Normal(Tensor features)
    {
        var images = Source.Images;
        if (images.Length != features.shape[0])
            throw new InvalidOperationException(
                $"noise on the activations of {features.shape[0]} images was asked with {images.Length} image indices: call the network through a NetworkView, or fix the draw together with the batch's indices");
        var z = empty(features.shape, _alpha.dtype, features.device);
        for (var row = 0; row < images.Length; row++)
        {
            using var image = z.select(0, row);
            image.normal_(0, 1, Source.Seeded(Kind, Layer, images[row], features.device));
        }
        return z;
    }
}
