using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// lambda sum over layers ||V||_F^2 on the low-rank factors of colored noise. Its gradient 2 lambda V is added after gradient
/// clipping, as the paper's public code does; its value is a series of its own and no part of the reported loss.
/// </summary>
internal sealed class OffDiagonalPenalty
{
    const string FactorName = "weight_noise_f";
    readonly double _lambda;
    readonly List<Parameter> _factors;

    OffDiagonalPenalty(double lambda, List<Parameter> factors) => (_lambda, _factors) = (lambda, factors);

    /// <summary>The penalty of a network, or null when it has none.</summary>
    public static OffDiagonalPenalty? Of(NetworkShape shape, Network network)
    {
        if (shape.Noise is not ColoredNoiseSpec { OffDiagonalPenalty: > 0 and var lambda }) return null;
        var factors = network.NoiseParameters.Where(p => p.Name.Split('.')[^1] == FactorName).Select(p => p.Parameter).ToList();
        return factors.Count > 0 ? new OffDiagonalPenalty(lambda, factors) : null;
    }

    /// <summary>Adds 2 lambda V to the gradient of every V.</summary>
    public void AddGradient()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var factor in _factors)
        {
            if (factor.grad is { } gradient) gradient.add_(factor, 2 * _lambda);
            else factor.grad = factor.detach().mul(2 * _lambda);
        }
    }

    /// <summary>lambda sum ||V||_F^2; waits for the device.</summary>
    public double Value()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        return _lambda * _factors.Sum(factor => factor.to(ScalarType.Float64).pow(2).sum().item<double>());
    }
}
