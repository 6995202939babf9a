using KdRobust.Api.Reports.Charts;

namespace KdRobust.Api.Tests.Reports;

public sealed class AxisScaleTests
{
    [Theory]
    [InlineData(0, 39.7, 5, 40, 10)]
    [InlineData(0, 100, 5, 100, 20)]
    [InlineData(0, 3.2, 5, 4, 1)]
    [InlineData(0, 0, 5, 1, 0.2)]
    public void The_range_is_round_and_holds_the_values(double low, double high, int ticks, double maximum, double step)
    {
        var axis = AxisScale.Around([low, high], 0, ticks);
        axis.Minimum.ShouldBe(0);
        axis.Maximum.ShouldBe(maximum, 1e-9);
        axis.Step.ShouldBe(step, 1e-9);
        axis.Ticks.Count().ShouldBeLessThanOrEqualTo(ticks + 1);
    }

    [Fact]
    public void Counted_things_have_whole_ticks()
    {
        var axis = AxisScale.Around([1, 2, 3], 0, 6, smallestStep: 1).UpTo(3);
        axis.Ticks.ShouldBe([0.0, 1, 2, 3]);
    }

    [Fact]
    public void What_is_not_a_number_does_not_stretch_the_axis() =>
        AxisScale.Around([1, double.NaN, double.PositiveInfinity, 9], 0, 5).Maximum.ShouldBe(10);

    [Fact]
    public void Positions_run_from_end_to_end()
    {
        var axis = new AxisScale(0, 50, 10);
        axis.Position(0, 200, 10).ShouldBe(200);
        axis.Position(50, 200, 10).ShouldBe(10);
        axis.Position(25, 200, 10).ShouldBe(105);
    }
}
