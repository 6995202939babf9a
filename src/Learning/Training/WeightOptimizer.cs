using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// The optimizer of one network in two parameter groups: the weights, and the parameters of the noise with a learning
/// rate and decay of their own (under the weights' rate, a small V is lost within one epoch). Its state is known by parameter name.
/// </summary>
internal sealed class WeightOptimizer : IDisposable
{
    readonly OptimizerHelper _optimizer;
    readonly List<string> _names = [];
    readonly double[] _baseRates;

    /// <param name="spec">Kind, rate and decay of the weights.</param>
    /// <param name="weights">Parameters of the network proper, by name.</param>
    /// <param name="noise">Parameters of its noise, by name; may be empty.</param>
    /// <param name="noiseSpec">The noise group's rate factor and decay; null when there is none.</param>
    public WeightOptimizer(
        OptimizerSpec spec,
        IReadOnlyList<(string Name, Parameter Value)> weights,
        IReadOnlyList<(string Name, Parameter Value)> noise,
        LayerNoiseSpec? noiseSpec)
    {
        var groups = new List<(IReadOnlyList<(string Name, Parameter Value)> Members, double Rate, double Decay)> { (weights, spec.LearningRate, spec.WeightDecay) };
        if (noise.Count > 0)
        {
            ArgumentNullException.ThrowIfNull(noiseSpec);
            groups.Add((noise, spec.LearningRate * noiseSpec.LearningRateFactor, noiseSpec.WeightDecay));
        }
        _optimizer = spec switch
        {
            AdamSpec adam => optim.Adam(
                groups.Select(g => new Adam.ParamGroup(g.Members.Select(m => m.Value), new Adam.Options { LearningRate = g.Rate, weight_decay = g.Decay })),
                beta1: adam.Beta1, beta2: adam.Beta2, eps: adam.Epsilon),
            AdamWSpec adam => optim.AdamW(
                groups.Select(g => new Adam.ParamGroup(g.Members.Select(m => m.Value), new Adam.Options { LearningRate = g.Rate, weight_decay = g.Decay })),
                beta1: adam.Beta1, beta2: adam.Beta2, eps: adam.Epsilon),
            SgdSpec sgd => optim.SGD(
                groups.Select(g => new SGD.ParamGroup(g.Members.Select(m => m.Value), new SGD.Options { LearningRate = g.Rate, weight_decay = g.Decay })),
                spec.LearningRate, momentum: sgd.Momentum, nesterov: sgd.Nesterov),
            _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.GetType().Name, "no such optimizer"),
        };
        if (spec is SgdSpec { Momentum: > 0 }) AllocateMomentum();
        _names.AddRange(groups.SelectMany(g => g.Members).Select(m => m.Name));
        _baseRates = [.. groups.Select(g => g.Rate)];
    }

    // SGD makes its buffers at the first step; zeros mean the same, and a resume point then always holds the same tensors.
    void AllocateMomentum()
    {
        foreach (var (parameter, state) in _optimizer.parameters().Zip(_optimizer.state_dict().State))
            ((SGD.State)state).momentum_buffer = zeros_like(parameter).DetachFromDisposeScope();
    }

    /// <summary>Updates all parameters with <paramref name="factor"/> times their base rate.</summary>
    public void Step(double factor)
    {
        foreach (var (group, rate) in _optimizer.ParamGroups.Zip(_baseRates)) group.LearningRate = rate * factor;
        _optimizer.step();
    }

    /// <summary>Scales all gradients, those of the noise too, by one factor so that their joint L2 norm is at most <paramref name="norm"/>.</summary>
    public void Clip(double norm) => nn.utils.clip_grad_norm_(_optimizer.parameters().Cast<Parameter>(), norm);

    /// <summary>Drops all gradients.</summary>
    public void ZeroGrad() => _optimizer.zero_grad();

    /// <summary>The live state tensors by <c>parameter/what</c>.</summary>
    public Dictionary<string, Tensor> Tensors()
    {
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (name, state) in _names.Zip(_optimizer.state_dict().State))
        {
            switch (state)
            {
                case Adam.State adam:
                    tensors.Add($"{name}/exp_avg", adam.exp_avg);
                    tensors.Add($"{name}/exp_avg_sq", adam.exp_avg_sq);
                    break;
                case SGD.State { momentum_buffer: { } buffer }:
                    tensors.Add($"{name}/momentum_buffer", buffer);
                    break;
            }
        }
        return tensors;
    }

    /// <summary>Steps each parameter has taken, for bias correction; empty for SGD.</summary>
    public Dictionary<string, long> Steps
    {
        get => _names.Zip(_optimizer.state_dict().State)
            .Where(s => s.Second is Adam.State)
            .ToDictionary(s => s.First, s => ((Adam.State)s.Second).step, StringComparer.Ordinal);
        set
        {
            foreach (var (name, state) in _names.Zip(_optimizer.state_dict().State))
                if (state is Adam.State adam) adam.step = value[name];
        }
    }

    public void Dispose() => _optimizer.Dispose();
}
