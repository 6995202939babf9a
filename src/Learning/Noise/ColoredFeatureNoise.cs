using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// x' = x + sqrt(s g(d) + e) z + V u on activations (CNI): z and u are drawn once a forward pass and shared by the batch,
/// s is std(x) or its square, and the gradient flows through it. Parameters, n = C H W: <c>input_noise_d</c> [n] and
/// <c>input_noise_f</c> [n, rank] (absent for rank 0), or <c>output_noise_</c> the same; form, scale and initial values are
/// those of the weights' noise.
/// </summary>
internal sealed class ColoredFeatureNoise : FeatureNoise
{
    readonly ColoredNoiseSpec _noise;
    readonly Parameter _d;
    readonly Parameter? _f;

    /// <param name="site">Before or after the convolution.</param>
    /// <param name="size">[C, H, W]</param>
    /// <param name="noise">Form, scale, rank and initial values.</param>
    /// <param name="source">Under which draw.</param>
    /// <param name="layer">The layer's number in seeds.</param>
    public ColoredFeatureNoise(string site, long[] size, ColoredNoiseSpec noise, NoiseSource source, int layer)
        : base(site, size, source, layer)
    {
        var n = size.Aggregate(1L, (product, side) => product * side);
        _noise = noise;
        _d = nn.Parameter(full([n], NoiseDiagonal.Start(noise.Form, noise.Diagonal)));
        _f = noise.Rank == 0 ? null : nn.Parameter(full([n, noise.Rank], noise.Factor));
        Parameters = _f is null ? [(Named("d"), _d)] : [(Named("d"), _d), (Named("f"), _f)];
    }

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Parameter Value)> Parameters { get; }

    /// <inheritdoc/>
    protected override Tensor Noise(Tensor features)
    {
        var generator = Source.Seeded(Kind, Layer, features.device);
        var z = empty([_d.numel()], _d.dtype, features.device).normal_(0, 1, generator); // [n]
        var noise = Deviation(features) * z;                                             // [N, n]
        if (_f is not null) noise = noise + _f.matmul(empty([_noise.Rank], _d.dtype, features.device).normal_(0, 1, generator));
        return noise.reshape([-1, .. Size]);
    }

    // [N, n]. Without e as a product of roots: an image whose activations are all alike then has the gradient 0 rather than none.
    Tensor Deviation(Tensor features)
    {
        var std = features.flatten(1).std(1).unsqueeze(1); // [N, 1]
        var g = NoiseDiagonal.Of(_noise.Form, _d);         // [n]
        var variance = _noise.Scale == NoiseScale.Variance;
        return _noise.Epsilon == 0
            ? (variance ? std : std.sqrt()) * g.sqrt()
            : ((variance ? std.square() : std) * g).add(_noise.Epsilon).sqrt();
    }
}
