using KdRobust.Cli.Benches;

namespace KdRobust.Cli.Tests.Benches;

public sealed class MedianIntervalTests
{
    /// <summary>Ranks of the interval as tables of the sign test have them.</summary>
    [Theory]
    [InlineData(6, 1, 6)]
    [InlineData(7, 1, 7)]
    [InlineData(8, 1, 8)]
    [InlineData(9, 2, 8)]
    [InlineData(15, 4, 12)]
    [InlineData(25, 8, 18)]
    public void The_interval_takes_the_ranks_of_the_sign_test(int n, int lower, int upper)
    {
        var interval = MedianInterval.Of(Enumerable.Range(1, n).Select(i => (double)i).Reverse());
        interval.Lower.ShouldBe(lower);
        interval.Upper.ShouldBe(upper);
        interval.Median.ShouldBe((n + 1) / 2.0);
    }

    [Fact]
    public void Five_values_have_no_interval() => Should.Throw<ArgumentOutOfRangeException>(() => MedianInterval.Of([1, 2, 3, 4, 5]));
}
