namespace KdRobust.Domain.Statistics;

/// <summary>
/// Exact bounds of a proportion from k successes in n independent draws (Clopper and Pearson 1934), found by bisecting the
/// binomial tail itself; relative error below 1e-10 for n up to 10 million.
/// </summary>
public static class ExactBinomial
{
    /// <summary>The one-sided lower bound at level 1 - alpha: the p at which k or more successes have probability alpha.</summary>
    /// <param name="k">Successes, 0 to n.</param>
    /// <param name="n">Draws, at least 1.</param>
    /// <param name="alpha">Probability of being wrong, above 0 and below 1.</param>
    public static double LowerBound(long k, long n, double alpha)
    {
        Validate(k, n, alpha);
        if (k == 0) return 0;
        var (low, high) = (0.0, 1.0);
        // Until no number lies between: bounds near 0 keep their relative precision.
        while (low + (high - low) / 2 is var middle && middle > low && middle < high)
        {
            if (UpperTail(k, n, middle) < alpha) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>The two-sided bounds at level 1 - alpha, each wrong with probability at most alpha / 2.</summary>
    /// <inheritdoc cref="LowerBound"/>
    public static (double Lower, double Upper) Bounds(long k, long n, double alpha)
    {
        Validate(k, n, alpha);
        return (LowerBound(k, n, alpha / 2), 1 - LowerBound(n - k, n, alpha / 2));
    }

    /// <summary>The probability of k or more successes in n draws that succeed with probability p: I_p(k, n - k + 1).</summary>
    /// <param name="k">1 to n.</param>
    /// <param name="n">Draws.</param>
    /// <param name="p">Above 0 and below 1.</param>
    public static double UpperTail(long k, long n, double p)
    {
        double a = k, b = n - k + 1;
        // The fraction converges quickly on the near side of the mean; the other side is one minus it.
        if (p < (a + 1) / (a + b + 2)) return Math.Exp(LogMass(k, n, p) + double.LogP1(-p)) * Fraction(a, b, p);
        return 1 - Math.Exp(LogMass(k - 1, n, p) + Math.Log(p)) * Fraction(b, a, 1 - p);
    }

    // ln of C(n, k) p^k (1-p)^(n-k), through Stirling's remainders so that large logarithms never cancel (Loader 2000).
    static double LogMass(long k, long n, double p)
    {
        if (k == 0) return n * double.LogP1(-p);
        if (k == n) return n * Math.Log(p);
        double successes = k, failures = n - k;
        return StirlingRemainder(n) - StirlingRemainder(k) - StirlingRemainder(n - k)
            - Deviance(successes, n * p) - Deviance(failures, n * (1 - p))
            - 0.5 * Math.Log(2 * Math.PI * successes * failures / n);
    }

    // x ln(x/m) + m - x
    static double Deviance(double x, double m) => x * Math.Log(x / m) + m - x;

    // ln n! - ln(sqrt(2 pi n) (n/e)^n)
    static double StirlingRemainder(long n)
    {
        if (n < 16)
        {
            var factorial = 1.0;
            for (var i = 2; i <= n; i++) factorial *= i;
            return Math.Log(factorial) - (0.5 * Math.Log(2 * Math.PI * n) + n * Math.Log(n) - n);
        }
        double x = n, square = x * x;
        return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - 1 / 1188.0 / square) / square) / square) / square) / x;
    }

    // The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8) by Lentz's method.
    static double Fraction(double a, double b, double x)
    {
        const double tiny = 1e-300;
        static double AwayFromZero(double value) => Math.Abs(value) < tiny ? tiny : value;
        var c = 1.0;
        var d = 1 / AwayFromZero(1 - (a + b) * x / (a + 1));
        var value = d;
        for (var m = 1; m < 1_000_000; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / AwayFromZero(1 + even * d);
            c = AwayFromZero(1 + even / c);
            value *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / AwayFromZero(1 + odd * d);
            c = AwayFromZero(1 + odd / c);
            var factor = d * c;
            value *= factor;
            if (Math.Abs(factor - 1) < 1e-15) return value;
        }
        throw new ArithmeticException($"the incomplete beta function did not converge at a = {a}, b = {b}, x = {x}");
    }

    static void Validate(long k, long n, double alpha)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, n);
        if (alpha is not (> 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "expected a probability above 0 and below 1");
    }
}
