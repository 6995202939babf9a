using System.Globalization;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Reports;

/// <summary>Two results compared on identical images.</summary>
/// <param name="Id">The comparison's name.</param>
/// <param name="Title">For people.</param>
/// <param name="First">Result id.</param>
/// <param name="Second">Result id.</param>
/// <param name="Test">How they are compared.</param>
/// <param name="Outcome">What came out; null while a result is missing.</param>
public sealed record ReportComparison(string Id, string Title, string First, string Second, ComparisonTestSpec Test, ComparisonOutcome? Outcome)
{
    /// <summary>A spec's comparison with its outcome.</summary>
    /// <param name="comparison">The spec's.</param>
    /// <param name="answered">Result id to the images answered rightly and n; null while it is not measured.</param>
    public static ReportComparison Of(ComparisonSpec comparison, Func<string, (ImageSet Right, int Images)?> answered) => new(
        comparison.Id, comparison.Title, comparison.First, comparison.Second, comparison.Test,
        answered(comparison.First) is { } first && answered(comparison.Second) is { } second ? ComparisonOutcome.Of(comparison.Test, first.Right, second.Right, first.Images) : null);

    /// <summary>The test in a few words.</summary>
    public string TestName => Test is EquivalenceSpec equivalence
        ? $"equivalence within {ComparisonOutcome.Points(equivalence.Margin)}"
        : "McNemar, exact, two-sided";
}

/// <summary>What a paired comparison found. Differences are first - second, in points of accuracy.</summary>
/// <param name="Images">n.</param>
/// <param name="OnlyFirst">b, images that only the first answers rightly.</param>
/// <param name="OnlySecond">c, images that only the second answers rightly.</param>
/// <param name="Difference">100 (b - c) / n.</param>
/// <param name="Lower">Lower bound of the difference (Tango's score interval).</param>
/// <param name="Upper">Upper bound.</param>
/// <param name="Confidence">Of the interval, in per cent: 95, or 90 for equivalence, where it is the one that must lie inside the margin.</param>
/// <param name="P">The p value; of equivalence the larger of the two.</param>
/// <param name="PAboveLower">Equivalence: p against "the first is worse by the margin or more"; else null.</param>
/// <param name="PBelowUpper">Equivalence: p against "the first is better by the margin or more"; else null.</param>
/// <param name="Verdict">In words, at a level of 5 %.</param>
public sealed record ComparisonOutcome(
    int Images, int OnlyFirst, int OnlySecond, double Difference, double Lower, double Upper, int Confidence,
    double P, double? PAboveLower, double? PBelowUpper, string Verdict)
{
    const double Level = 0.05;

    /// <summary>Compares two sets of rightly answered images out of the same n.</summary>
    public static ComparisonOutcome Of(ComparisonTestSpec test, ImageSet first, ImageSet second, int images)
    {
        var (b, c) = (first.CountWithout(second), second.CountWithout(first));
        var difference = 100.0 * (b - c) / images;
        switch (test)
        {
            case McNemarSpec:
                var p = McNemarTest.PValue(b, c);
                var (lower, upper) = PairedDifference.Interval(b, c, images, 0.95);
                return new(images, b, c, difference, 100 * lower, 100 * upper, 95, p, null, null, p < Level ? "different" : "no difference shown");
            case EquivalenceSpec { Margin: var margin }:
                var tests = EquivalenceTest.Of(b, c, images, margin / 100);
                return new(images, b, c, difference, 100 * tests.Lower, 100 * tests.Upper, 90, tests.P, tests.PAboveLower, tests.PBelowUpper,
                    tests.P < Level ? $"equivalent within {Points(margin)}" : "equivalence not shown");
            default:
                throw new ArgumentOutOfRangeException(nameof(test), test.GetType().Name, "no such comparison");
        }
    }

    /// <summary>E.g. <c>1 point</c>, <c>0.5 points</c>.</summary>
    internal static string Points(double margin) => margin == 1 ? "1 point" : string.Create(CultureInfo.InvariantCulture, $"{margin} points");
}
