using FsCheck;
using FsCheck.Fluent;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Tests.Statistics;

public sealed class WilsonIntervalTests
{
    // Agresti and Coull (1998) and direct evaluation of the score formula.
    [Theory]
    [InlineData(0, 10, 0.0, 0.27753279)]
    [InlineData(5, 10, 0.23659309, 0.76340691)]
    [InlineData(4600, 10000, 0.45025, 0.46978)]
    [InlineData(100, 100, 0.96300, 1.0)]
    public void Known_values(int correct, int images, double lower, double upper)
    {
        var interval = WilsonInterval.Of(correct, images);
        interval.Lower.ShouldBe(lower, 2e-5);
        interval.Upper.ShouldBe(upper, 2e-5);
    }

    [Fact]
    public void It_holds_the_proportion_and_mirrors() =>
        Prop.ForAll(Gen.Choose(1, 10_000).SelectMany(n => Gen.Choose(0, n).Select(k => (k, n))).ToArbitrary(), x =>
        {
            var (interval, mirror) = (WilsonInterval.Of(x.k, x.n), WilsonInterval.Of(x.n - x.k, x.n));
            var p = (double)x.k / x.n;
            return interval.Lower <= p + 1e-12 && p <= interval.Upper + 1e-12 && Math.Abs(interval.Lower + mirror.Upper - 1) < 1e-9;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void More_right_than_asked_is_refused() => Should.Throw<ArgumentOutOfRangeException>(() => WilsonInterval.Of(11, 10));
}
