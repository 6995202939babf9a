using KdRobust.Domain.Statistics;
using KdRobust.Support;

namespace KdRobust.Domain.Tests.Statistics;

public sealed class ExactBoundTests
{
    [Fact]
    public void Tail_equals_the_sum_of_its_terms()
    {
        foreach (var n in new[] { 1, 7, 30 })
            for (var k = 1; k <= n; k++)
                foreach (var p in new[] { 0.01, 0.3, 0.5, 0.9 })
                {
                    var (sum, choose) = (0.0, 1.0);
                    for (var i = 0; i <= n; i++)
                    {
                        if (i >= k) sum += choose * Math.Pow(p, i) * Math.Pow(1 - p, n - i);
                        choose = choose * (n - i) / (i + 1);
                    }
                    ExactBinomial.UpperTail(k, n, p).ShouldBe(sum, 1e-11 * sum, $"{k} of {n} at {p}");
                }
    }

    [Fact]
    public void All_of_a_hundred_thousand_draws_certify_3_811_sigma()
    {
        ExactBinomial.LowerBound(100_000, 100_000, 0.001).ShouldBe(Math.Pow(0.001, 1e-5), 1e-15);
        CertifiedRadius.Of(100_000, 100_000, 0.001, 1)!.Value.ShouldBe(3.811, 5e-4);
        CertifiedRadius.Of(50_000, 100_000, 0.001, 1).ShouldBeNull();
    }

    [Fact]
    public void Radius_grows_with_the_votes_and_with_the_confidence_given_up()
    {
        var radii = Enumerable.Range(60, 41).Select(k => CertifiedRadius.Of(k, 100, 0.05, 0.25) ?? 0).ToList();
        radii.Zip(radii.Skip(1)).ShouldAllBe(pair => pair.First < pair.Second);
        CertifiedRadius.Of(90, 100, 0.001, 0.25)!.Value.ShouldBeLessThan(CertifiedRadius.Of(90, 100, 0.05, 0.25)!.Value);
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.975, 1.959963984540054)]
    [InlineData(0.025, -1.959963984540054)]
    [InlineData(0.999, 3.090232306167813)]
    [InlineData(1e-12, -7.034483825301131)]
    public void Normal_quantiles_are_the_tabulated_ones(double p, double x) =>
        NormalDistribution.Quantile(p).ShouldBe(x, 1e-11 * Math.Max(1, Math.Abs(x)));

    [Theory]
    [InlineData(-1, 10, 0.05)]
    [InlineData(11, 10, 0.05)]
    [InlineData(0, 0, 0.05)]
    [InlineData(1, 10, 0)]
    public void Counts_and_levels_that_make_no_sense_are_refused(long k, long n, double alpha) =>
        Should.Throw<ArgumentOutOfRangeException>(() => ExactBinomial.LowerBound(k, n, alpha));

    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Exact_bounds_and_radii_are_the_golden_ones()
    {
        foreach (var row in Golden.Open().ClopperPearson())
        {
            var name = $"{row.K} of {row.N} at {row.Alpha}";
            ExactBinomial.LowerBound(row.K, row.N, row.Alpha).ShouldBe(row.LowerOneSided, 1e-10 * Math.Max(1e-3, row.LowerOneSided), name);
            var (lower, upper) = ExactBinomial.Bounds(row.K, row.N, row.Alpha);
            lower.ShouldBe(row.LowerTwoSided, 1e-10, name);
            upper.ShouldBe(row.UpperTwoSided, 1e-10, name);
            foreach (var (sigma, radius) in row.Radius)
            {
                var ours = CertifiedRadius.Of(row.K, row.N, row.Alpha, double.Parse(sigma));
                if (radius is null) ours.ShouldBeNull(name);
                else ours.ShouldNotBeNull(name).ShouldBe(radius.Value, 1e-10, name);
            }
        }
    }
}
