using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// The noisy weights of a frozen layer: sampled once per draw, and the deviation they are sampled with once per freeze.
/// Without gradients for the parameters.
/// </summary>
internal sealed class KeptSample
{
    Tensor? _deviation;
    Tensor? _weights;
    long _version = -1;

    /// <summary>W' of the source's fixed draw.</summary>
    public Tensor Get(NoiseSource source, Func<Tensor> deviation, Func<Tensor, Tensor> sample)
    {
        if (_weights is not null && _version == source.Version) return _weights;
        using (no_grad())
        {
            _deviation ??= Keep(deviation);
            _weights?.Dispose();
            _weights = null;
            _weights = Keep(() => sample(_deviation));
        }
        _version = source.Version;
        return _weights;
    }

    /// <summary>Frees both.</summary>
    public void Release()
    {
        _deviation?.Dispose();
        _weights?.Dispose();
        (_deviation, _weights, _version) = (null, null, -1);
    }

    static Tensor Keep(Func<Tensor> make)
    {
        using var scope = NewDisposeScope();
        return make().DetachFromDisposeScope();
    }
}
