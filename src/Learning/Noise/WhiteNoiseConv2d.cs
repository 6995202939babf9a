using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A convolution with <see cref="WhiteNoise"/>. Parameters beside <c>weight</c> [out, in, k, k]: <c>weight_noise_alpha</c>, as
/// <c>weight</c> (one a weight) or [1] (one a layer), and those of <see cref="WhiteFeatureNoise"/>.
/// </summary>
internal sealed class WhiteNoiseConv2d : NoisyConv2d
{
    /// <inheritdoc cref="NoisyConv2d(string, ConvolutionShape, NoiseSource)"/>
    public WhiteNoiseConv2d(ConvolutionShape shape, WhiteNoiseSpec noise, NoiseSource source)
        : base(nameof(WhiteNoiseConv2d), shape, source)
    {
        register_parameter(nameof(weight), weight);
        weight_noise_alpha = WhiteNoise.Alphas(noise.Per, noise.Alpha, shape.Weight);
        Learn(nameof(weight_noise_alpha), weight_noise_alpha);
        Surround(noise.Activations, (site, size) => new WhiteFeatureNoise(site, size, noise, source, Layer));
    }

    /// <summary>[out, in, k, k] or [1].</summary>
    public Parameter weight_noise_alpha { get; }

    /// <inheritdoc/>
    protected override Tensor Deviation() => WhiteNoise.Deviation(weight, weight_noise_alpha);

    /// <inheritdoc/>
    protected override Tensor Sample(Tensor deviation) =>
        WhiteNoise.Perturb(weight, deviation, empty(weight.shape, weight.dtype, weight.device).normal_(0, 1, Source.Seeded("weights", Layer, weight.device)));
}
