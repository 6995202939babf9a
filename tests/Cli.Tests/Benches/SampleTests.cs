using KdRobust.Cli.Benches;

namespace KdRobust.Cli.Tests.Benches;

public sealed class SampleTests
{
    static IEnumerable<double> OneTo(int n) => Enumerable.Range(1, n).Select(i => (double)i).Reverse();

    [Fact]
    public void The_median_of_an_even_number_is_the_mean_of_the_two_in_the_middle()
    {
        Sample.Median([9, 1, 3]).ShouldBe(3);
        Sample.Median([9, 1, 3, 4]).ShouldBe(3.5);
    }

    [Theory]
    [InlineData(40, 0.5, 20)]
    [InlineData(40, 0.95, 38)]
    [InlineData(40, 0.99, 40)]
    [InlineData(100, 0.99, 99)]
    [InlineData(1, 0.5, 1)]
    public void A_quantile_is_the_measured_value_of_its_nearest_rank(int n, double share, double expected) => Sample.Quantile(OneTo(n), share).ShouldBe(expected);

    [Fact]
    public void The_slope_is_that_of_least_squares()
    {
        Sample.Slope([(0, 1), (1, 3), (2, 5)]).ShouldBe(2, 1e-12);
        Sample.Slope([(0, 0), (1, 2), (2, 1)]).ShouldBe(0.5, 1e-12);
    }

    [Fact]
    public void There_is_no_statistic_of_nothing()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Sample.Median([]));
        Should.Throw<ArgumentOutOfRangeException>(() => Sample.Quantile([], 0.5));
        Should.Throw<ArgumentOutOfRangeException>(() => Sample.Quantile([1], 0));
        Should.Throw<ArgumentException>(() => Sample.Slope([(1, 1), (1, 2)]));
    }
}
