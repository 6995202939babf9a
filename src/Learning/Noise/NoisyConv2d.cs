using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// A convolution without bias whose weights carry noise, in training and in evaluation: one draw a forward pass, shared by
/// the batch. Beside it there may be noise on what enters and on what leaves it. Parameters: <c>weight</c> [out, in, k, k],
/// those of the weights' noise, those of a <see cref="FeatureNoise"/> at either side.
/// </summary>
internal abstract class NoisyConv2d : nn.Module<Tensor, Tensor>, INoisyLayer
{
    readonly long[] _strides;
    readonly long[] _padding;
    readonly KeptSample _kept = new();
    readonly List<Parameter> _noise = [];
    FeatureNoise? _before;
    FeatureNoise? _after;

    /// <summary>images [N, in, side, side] -> [N, out, side/stride, side/stride], padding k/2. <see cref="weight"/> is registered by the layer itself.</summary>
    protected NoisyConv2d(string name, ConvolutionShape shape, NoiseSource source)
        : base(name)
    {
        (Shape, Source) = (shape, source);
        _strides = [shape.Stride, shape.Stride];
        _padding = [shape.Kernel / 2, shape.Kernel / 2];
        weight = nn.Parameter(zeros(shape.Weight));
        Layer = source.Register(this);
    }

    /// <summary>Mean weights [out, in, k, k].</summary>
    public Parameter weight { get; }

    /// <inheritdoc/>
    public IEnumerable<Parameter> NoiseParameters => _noise;

    /// <summary>Its sizes.</summary>
    protected ConvolutionShape Shape { get; }

    /// <summary>Under which draw the forward pass happens.</summary>
    protected NoiseSource Source { get; }

    /// <summary>The layer's number in seeds.</summary>
    protected int Layer { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (Source.IsOff) return Convolve(input, weight);
        using var scope = NewDisposeScope();
        var x = _before is null ? input : _before.Add(input);
        var y = Convolve(x, Source.Frozen ? _kept.Get(Source, Deviation, Sample) : Sample(Deviation()));
        return (_after is null ? y : _after.Add(y)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Release() => _kept.Release();

    /// <summary>What the noise of the weights is scaled with.</summary>
    protected abstract Tensor Deviation();

    /// <summary>W' of the source's draw, [out, in, k, k].</summary>
    protected abstract Tensor Sample(Tensor deviation);

    /// <summary>Makes a learned parameter of the noise part of the layer.</summary>
    protected void Learn(string name, Parameter parameter)
    {
        register_parameter(name, parameter);
        _noise.Add(parameter);
    }

    /// <summary>Puts noise on the activations at one or both sides.</summary>
    protected void Surround(ActivationNoise where, Func<string, long[], FeatureNoise> noise)
    {
        if (where is ActivationNoise.Before or ActivationNoise.Both) _before = noise("input", Shape.Input);
        if (where is ActivationNoise.After or ActivationNoise.Both) _after = noise("output", Shape.Output);
        foreach (var site in new[] { _before, _after })
            foreach (var (name, parameter) in site?.Parameters ?? [])
                Learn(name, parameter);
    }

    Tensor Convolve(Tensor input, Tensor weights) => nn.functional.conv2d(input, weights, null, _strides, _padding);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) Release();
        base.Dispose(disposing);
    }
}
