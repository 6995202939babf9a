using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// Parametric noise injection (PNI; Rakin et al. 2019), as formulas: W' = W + alpha std(W) z with z standard normal and std
/// unbiased over the whole layer. No gradient reaches std(W).
/// </summary>
internal static class WhiteNoise
{
    /// <summary>Alphas at their initial value: one a value [size], or one for all of them [1].</summary>
    public static Parameter Alphas(AlphaPer per, double alpha, long[] size) => nn.Parameter(full(per switch
    {
        AlphaPer.Weight => size,
        AlphaPer.Layer => [1],
        _ => throw new ArgumentOutOfRangeException(nameof(per), per, "expected weight or layer"),
    }, alpha));

    /// <summary>The deviation alpha std(W).</summary>
    /// <param name="weight">W.</param>
    /// <param name="alpha">As <paramref name="weight"/>, or [1].</param>
    /// <returns>As <paramref name="alpha"/>.</returns>
    public static Tensor Deviation(Tensor weight, Tensor alpha) => alpha * weight.detach().std();

    /// <summary>W' of one draw.</summary>
    /// <param name="weight">W.</param>
    /// <param name="deviation">Of <see cref="Deviation"/>.</param>
    /// <param name="z">Standard normal, as <paramref name="weight"/>.</param>
    /// <returns>As <paramref name="weight"/>.</returns>
    public static Tensor Perturb(Tensor weight, Tensor deviation, Tensor z) => weight + (deviation * z);
}
