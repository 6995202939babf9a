using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// g, by which the learned d of colored noise becomes a variance. <c>absolute</c>, g(d) = |d|, is the public codes': its
/// root has an infinite slope at 0, which weight decay drives d to, and the sign is lost. <c>log-variance</c>,
/// g(d) = exp(d), and <c>softplus</c>, g(d) = ln(1 + exp(d)), are positive everywhere.
/// </summary>
internal static class NoiseDiagonal
{
    /// <summary>g(d), elementwise and at least 0; finite for every d below 88.</summary>
    public static Tensor Of(DiagonalForm form, Tensor d) => form switch
    {
        DiagonalForm.Absolute => d.abs(),
        DiagonalForm.LogVariance => d.exp(),
        DiagonalForm.Softplus => Softplus(d),
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "expected absolute, log-variance or softplus"),
    };

    /// <summary>The d with g(d) = <paramref name="diagonal"/>.</summary>
    /// <exception cref="ArgumentException">A form that is positive everywhere was to start at 0.</exception>
    public static double Start(DiagonalForm form, double diagonal)
    {
        if (form == DiagonalForm.Absolute) return diagonal;
        if (!(diagonal > 0))
            throw new ArgumentException($"noise.diagonal is {diagonal}, expected above 0: form {form} reaches 0 nowhere; use form absolute", nameof(diagonal));
        return form switch
        {
            DiagonalForm.LogVariance => Math.Log(diagonal),
            DiagonalForm.Softplus => LogExpMinusOne(diagonal),
            _ => throw new ArgumentOutOfRangeException(nameof(form), form, "expected absolute, log-variance or softplus"),
        };
    }

    // d + ln(1 + exp(-d)) above 0 and ln(1 + exp(d)) elsewhere: neither overflows, and the slope keeps its digits where it is
    // tiny. What is not chosen is clamped, lest its infinity enter the gradient as 0 times infinity.
    static Tensor Softplus(Tensor d)
    {
        var above = clamp(d, min: 0);
        return where(d > 0, above + above.neg().exp().log1p(), clamp(d, max: 0).exp().log1p());
    }

    // exp(x) overflows where x is large, exp(x) - 1 loses its digits where it is small: there the series of ln((exp(x) - 1) / x).
    static double LogExpMinusOne(double x) =>
        x < 1e-3 ? Math.Log(x) + (x / 2) + (x * x / 24) : x + Math.Log(1 - Math.Exp(-x));
}
