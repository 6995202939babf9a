using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// Colored noise injection (CNI; Nemcovsky et al. 2019), as formulas: W' = W + sqrt(s g(d) + e) z + V u with
/// cov(W' - W) = diag(s g(d) + e) + V V^T, where s = std(W) (unbiased, over the whole layer) or its square and g is a
/// <see cref="NoiseDiagonal"/>. The gradient flows through s.
/// </summary>
internal static class ColoredNoise
{
    /// <summary>The deviation of the independent part, sqrt(s g(d) + e).</summary>
    /// <param name="weight">W, any shape with n entries.</param>
    /// <param name="diagonal">d [n].</param>
    /// <param name="scale">Whether s is std(W) or var(W).</param>
    /// <param name="form">g.</param>
    /// <param name="epsilon">e; with 0 the gradient at g(d) = 0 is infinite.</param>
    /// <returns>[n]</returns>
    public static Tensor Deviation(Tensor weight, Tensor diagonal, NoiseScale scale, DiagonalForm form, double epsilon)
    {
        var s = scale switch
        {
            NoiseScale.Std => weight.std(),
            NoiseScale.Variance => weight.var(),
            _ => throw new ArgumentOutOfRangeException(nameof(scale), scale, "expected std or variance"),
        };
        var variance = s * NoiseDiagonal.Of(form, diagonal); // [n]
        return (epsilon == 0 ? variance : variance.add(epsilon)).sqrt();
    }

    /// <summary>W' of one draw.</summary>
    /// <param name="weight">W, any shape with n entries.</param>
    /// <param name="deviation">[n], of <see cref="Deviation"/>.</param>
    /// <param name="z">Standard normal [n].</param>
    /// <param name="factor">V [n, r], or null for rank 0.</param>
    /// <param name="u">Standard normal [r], or null for rank 0.</param>
    /// <returns>As <paramref name="weight"/>.</returns>
    public static Tensor Perturb(Tensor weight, Tensor deviation, Tensor z, Tensor? factor, Tensor? u)
    {
        var noise = deviation * z; // [n]
        if (factor is not null && u is not null) noise = noise + factor.matmul(u); // [n, r] [r] -> [n]
        return weight + noise.reshape(weight.shape);
    }
}
