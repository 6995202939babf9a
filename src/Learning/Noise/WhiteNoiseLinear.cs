using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A fully connected layer whose weights carry white noise (PNI), in training and in evaluation. Parameters: <c>weight</c>
/// [out, in], <c>bias</c> [out] (without noise), <c>weight_noise_alpha</c> [out, in].
/// </summary>
internal sealed class WhiteNoiseLinear : nn.Module<Tensor, Tensor>, INoisyLayer
{
    readonly NoiseSource _source;
    readonly int _layer;
    readonly KeptSample _kept = new();

    /// <summary>[N, in] -> [N, out].</summary>
    public WhiteNoiseLinear(long inFeatures, long outFeatures, ColoredNoiseSpec noise, NoiseSource source)
        : base(nameof(WhiteNoiseLinear))
    {
        _source = source;
        weight = nn.Parameter(zeros([outFeatures, inFeatures]));
        bias = nn.Parameter(zeros([outFeatures]));
        weight_noise_alpha = nn.Parameter(full([outFeatures, inFeatures], noise.LinearAlpha));
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(bias), bias);
        register_parameter(nameof(weight_noise_alpha), weight_noise_alpha);
        _layer = source.Register(this);
    }

    /// <summary>Mean weights [out, in].</summary>
    public Parameter weight { get; }

    /// <summary>[out].</summary>
    public Parameter bias { get; }

    /// <summary>[out, in].</summary>
    public Parameter weight_noise_alpha { get; }

    /// <inheritdoc/>
    public IEnumerable<Parameter> NoiseParameters => [weight_noise_alpha];

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (_source.IsOff) return nn.functional.linear(input, weight, bias);
        if (_source.Frozen) return nn.functional.linear(input, _kept.Get(_source, Deviation, Sample), bias);
        using var scope = NewDisposeScope();
        return nn.functional.linear(input, Sample(Deviation()), bias).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Release() => _kept.Release();

    Tensor Deviation() => ColoredNoise.WhiteDeviation(weight, weight_noise_alpha);

    Tensor Sample(Tensor deviation)
    {
        var z = empty(weight.shape, weight.dtype, weight.device).normal_(0, 1, _source.Seeded("weights", _layer, weight.device));
        return ColoredNoise.Perturb(weight, deviation, z, null, null);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Release();
        base.Dispose(disposing);
    }
}
