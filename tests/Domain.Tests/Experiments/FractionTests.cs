using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Tests.Experiments;

public sealed class FractionTests
{
    [Theory]
    [InlineData("8/255", 8.0 / 255)]
    [InlineData(" 8 / 255 ", 8.0 / 255)]
    [InlineData("0.03", 0.03)]
    [InlineData("-1/2", -0.5)]
    public void Quotients_and_numbers_are_read(string text, double value)
    {
        Fraction.TryParse(text, out var fraction).ShouldBeTrue();
        fraction.Value.ShouldBe(value);
    }

    [Theory]
    [InlineData("8/0")]
    [InlineData("1/2/3")]
    [InlineData("eight")]
    [InlineData("")]
    [InlineData("NaN")]
    [InlineData("1/Infinity")]
    public void Anything_else_is_refused(string text) => Fraction.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void Equal_values_are_equal_however_written() => Fraction.Of(1, 2).ShouldBe(Fraction.Of(0.5));
}
