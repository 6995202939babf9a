namespace KdRobust.Domain.Statistics;

/// <summary>
/// The L2 ball within which a vote under Gaussian input noise cannot change, with probability 1 - alpha (Cohen, Rosenfeld
/// and Kolter 2019): R = sigma PhiInverse(p), p the exact lower bound of the top class. Says nothing about noise in the
/// weights alone.
/// </summary>
public static class CertifiedRadius
{
    /// <summary>R in pixel units (L2), or null: abstain, because the top class may have half the votes or fewer.</summary>
    /// <param name="k">Votes for the class, from draws that did not choose it.</param>
    /// <param name="n">Independent draws.</param>
    /// <param name="alpha">Probability of being wrong.</param>
    /// <param name="sigma">Standard deviation of the input noise in pixel units.</param>
    public static double? Of(long k, long n, double alpha, double sigma)
    {
        if (sigma is not > 0) throw new ArgumentOutOfRangeException(nameof(sigma), sigma, "expected noise on the input: a radius needs sigma above 0");
        var lower = ExactBinomial.LowerBound(k, n, alpha);
        return lower > 0.5 ? sigma * NormalDistribution.Quantile(lower) : null;
    }
}
