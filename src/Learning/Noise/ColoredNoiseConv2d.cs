using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A convolution with <see cref="ColoredNoise"/>. Parameters beside <c>weight</c> [out, in, k, k] with n entries:
/// <c>weight_noise_d</c> [n], <c>weight_noise_f</c> [n, rank] (absent for rank 0), in the order of <c>weight</c>, and those
/// of <see cref="ColoredFeatureNoise"/>.
/// </summary>
internal sealed class ColoredNoiseConv2d : NoisyConv2d
{
    readonly ColoredNoiseSpec _noise;

    /// <inheritdoc cref="NoisyConv2d(string, ConvolutionShape, NoiseSource)"/>
    public ColoredNoiseConv2d(ConvolutionShape shape, ColoredNoiseSpec noise, NoiseSource source)
        : base(nameof(ColoredNoiseConv2d), shape, source)
    {
        _noise = noise;
        register_parameter(nameof(weight), weight);
        weight_noise_d = nn.Parameter(full([weight.numel()], NoiseDiagonal.Start(noise.Form, noise.Diagonal)));
        weight_noise_f = noise.Rank == 0 ? null : nn.Parameter(full([weight.numel(), noise.Rank], noise.Factor));
        Learn(nameof(weight_noise_d), weight_noise_d);
        if (weight_noise_f is not null) Learn(nameof(weight_noise_f), weight_noise_f);
        Surround(noise.Activations, (site, size) => new ColoredFeatureNoise(site, size, noise, source, Layer));
    }

    /// <summary>d [n].</summary>
    public Parameter weight_noise_d { get; }

    /// <summary>V [n, rank], or null.</summary>
    public Parameter? weight_noise_f { get; }

    /// <inheritdoc/>
    protected override Tensor Deviation() => ColoredNoise.Deviation(weight, weight_noise_d, _noise.Scale, _noise.Form, _noise.Epsilon);

    /// <inheritdoc/>
    protected override Tensor Sample(Tensor deviation)
    {
        var generator = Source.Seeded("weights", Layer, weight.device);
        var z = empty([weight.numel()], weight.dtype, weight.device).normal_(0, 1, generator);
        var u = weight_noise_f is null ? null : empty([_noise.Rank], weight.dtype, weight.device).normal_(0, 1, generator);
        return ColoredNoise.Perturb(weight, deviation, z, weight_noise_f, u);
    }
}
