using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A convolution without bias whose weights carry colored noise, in training and in evaluation. Parameters:
/// <c>weight</c> [out, in, k, k], <c>weight_noise_d</c> [n], <c>weight_noise_f</c> [n, rank] (absent for rank 0), n the
/// number of weights in the order of <c>weight</c>.
/// </summary>
internal sealed class ColoredNoiseConv2d : nn.Module<Tensor, Tensor>, INoisyLayer
{
    readonly ColoredNoiseSpec _noise;
    readonly NoiseSource _source;
    readonly int _layer;
    readonly long[] _strides;
    readonly long[] _padding;
    readonly KeptSample _kept = new();

    /// <summary>images [N, in, H, W] -> [N, out, H/stride, W/stride], padding k/2.</summary>
    public ColoredNoiseConv2d(long inChannels, long outChannels, long kernel, long stride, ColoredNoiseSpec noise, NoiseSource source)
        : base(nameof(ColoredNoiseConv2d))
    {
        _noise = noise;
        _source = source;
        _strides = [stride, stride];
        _padding = [kernel / 2, kernel / 2];
        weight = nn.Parameter(zeros([outChannels, inChannels, kernel, kernel]));
        weight_noise_d = nn.Parameter(full([weight.numel()], noise.Diagonal));
        weight_noise_f = noise.Rank == 0 ? null : nn.Parameter(full([weight.numel(), noise.Rank], noise.Factor));
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(weight_noise_d), weight_noise_d);
        if (weight_noise_f is not null) register_parameter(nameof(weight_noise_f), weight_noise_f);
        _layer = source.Register(this);
    }

    /// <summary>Mean weights [out, in, k, k].</summary>
    public Parameter weight { get; }

    /// <summary>d [n].</summary>
    public Parameter weight_noise_d { get; }

    /// <summary>V [n, rank], or null.</summary>
    public Parameter? weight_noise_f { get; }

    /// <inheritdoc/>
    public IEnumerable<Parameter> NoiseParameters => weight_noise_f is null ? [weight_noise_d] : [weight_noise_d, weight_noise_f];

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (_source.IsOff) return Convolve(input, weight);
        if (_source.Frozen) return Convolve(input, _kept.Get(_source, Deviation, Sample));
        using var scope = NewDisposeScope();
        return Convolve(input, Sample(Deviation())).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Release() => _kept.Release();

    Tensor Convolve(Tensor input, Tensor weights) => nn.functional.conv2d(input, weights, null, _strides, _padding);

    Tensor Deviation() => ColoredNoise.Deviation(weight, weight_noise_d, _noise.Scale, _noise.Epsilon);

    Tensor Sample(Tensor deviation)
    {
        var generator = _source.Seeded("weights", _layer, weight.device);
        var z = empty([weight.numel()], weight.dtype, weight.device).normal_(0, 1, generator);
        var u = weight_noise_f is null ? null : empty([_noise.Rank], weight.dtype, weight.device).normal_(0, 1, generator);
        return ColoredNoise.Perturb(weight, deviation, z, weight_noise_f, u);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Release();
        base.Dispose(disposing);
    }
}
