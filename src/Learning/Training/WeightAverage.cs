using KdRobust.Learning.Models;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// The exponential moving average of a network's weights (Polyak and Juditsky 1992; as EMA in robust training), a network of
/// its own: after every step average = decay average + (1 - decay) weights, from the initial weights on, without bias
/// correction. Batch norm's running statistics are copied. Float32, as the weights are: a difference smaller than
/// 6e-8 / (1 - decay) of a weight is lost, which for decays up to 0.9999 is below 0.06 %.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    readonly double _decay;
    readonly List<(Tensor Average, Tensor Weights)> _parameters = [];
    readonly List<(Tensor Average, Tensor Value)> _buffers = [];

    /// <param name="network">The averaging network, whose weights equal the initial ones; becomes this object's.</param>
    /// <param name="trained">The network in training.</param>
    /// <param name="decay">Share of the old average kept.</param>
    public WeightAverage(Network network, Network trained, double decay)
    {
        (Network, _decay) = (network, decay);
        network.Module.eval();
        var learned = trained.Module.named_parameters().Select(p => p.name).ToHashSet(StringComparer.Ordinal);
        var values = trained.Module.state_dict();
        foreach (var (name, average) in network.Module.state_dict())
            (learned.Contains(name) ? _parameters : _buffers).Add((average, values[name]));
    }

    /// <summary>The averaged network, in evaluation mode.</summary>
    public Network Network { get; }

    /// <summary>Takes in the weights after a step.</summary>
    public void Update()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (average, weights) in _parameters) average.mul_(_decay).add_(weights, 1 - _decay);
        foreach (var (average, value) in _buffers) average.copy_(value);
    }

    public void Dispose() => Network.Dispose();
}
