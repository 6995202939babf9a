using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A fully connected layer whose weights carry white noise (PNI), in training and in evaluation. Parameters: <c>weight</c>
/// [out, in], <c>bias</c> [out] (without noise), <c>weight_noise_alpha</c> [out, in] (one a weight) or [1] (one a layer).
/// </summary>
internal sealed class WhiteNoiseLinear : nn.Module<Tensor, Tensor>, INoisyLayer
{
    readonly NoiseSource _source;
    readonly int _layer;
    readonly KeptSample _kept = new();

    /// <summary>[N, in] -> [N, out].</summary>
    /// <param name="inFeatures">Features that enter.</param>
    /// <param name="outFeatures">Features that leave.</param>
    /// <param name="per">How many alphas there are.</param>
    /// <param name="alpha">Initial alpha.</param>
    /// <param name="source">Under which draw the forward pass happens.</param>
    public WhiteNoiseLinear(long inFeatures, long outFeatures, AlphaPer per, double alpha, NoiseSource source)
        : base(nameof(WhiteNoiseLinear))
    {
        _source = source;
        weight = nn.Parameter(zeros([outFeatures, inFeatures]));
        bias = nn.Parameter(zeros([outFeatures]));
        weight_noise_alpha = WhiteNoise.Alphas(per, alpha, [outFeatures, inFeatures]);
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(bias), bias);
        register_parameter(nameof(weight_noise_alpha), weight_noise_alpha);
        _layer = source.Register(this);
    }

    /// <summary>Mean weights [out, in].</summary>
    public Parameter weight { get; }

    /// <summary>[out].</summary>
    public Parameter bias { get; }

    /// <summary>[out, in] or [1].</summary>
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

    Tensor Deviation() => WhiteNoise.Deviation(weight, weight_noise_alpha);

    Tensor Sample(Tensor deviation) =>
        WhiteNoise.Perturb(weight, deviation, empty(weight.shape, weight.dtype, weight.device).normal_(0, 1, _source.Seeded("weights", _layer, weight.device)));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Release();
        base.Dispose(disposing);
    }
}
