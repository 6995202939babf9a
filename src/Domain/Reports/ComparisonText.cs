using System.Globalization;

namespace KdRobust.Domain.Reports;

/// <summary>Comparisons for a terminal and for Markdown.</summary>
public static class ComparisonText
{
    const string Heading = "Comparisons on identical images";

    /// <summary>What the numbers mean, for below them.</summary>
    public const string Footnote =
        "Differences are first - second in points, with Tango's score interval for paired proportions (95 %; 90 % beside a test of equivalence, which is shown when it lies inside the margin); b and c are the images that only the first and only the second answers rightly; verdicts at a level of 5 %. The tests count images: that images share draws of random weights is not in them";

    /// <summary>Aligned columns with a title line and a footnote; empty without comparisons.</summary>
    public static string Plain(IReadOnlyList<ReportComparison> comparisons, bool synthetic) =>
        comparisons.Count == 0 ? "" : $"{Title(synthetic)}\n{TextGrid.Plain(Lines(comparisons), 4)}  {Footnote}\n";

    /// <summary>A Markdown table; empty without comparisons.</summary>
    public static string Markdown(IReadOnlyList<ReportComparison> comparisons, bool synthetic) =>
        comparisons.Count == 0 ? "" : $"**{Title(synthetic)}**\n\n{TextGrid.Markdown(Lines(comparisons), 4)}\n{Footnote}\n";

    static string Title(bool synthetic) => Heading + (synthetic ? " (SYNTHETIC images, not CIFAR-10)" : "");

    static List<IReadOnlyList<string>> Lines(IReadOnlyList<ReportComparison> comparisons) =>
    [
        ["Comparison", "First, second", "Test", "Verdict", "n", "b", "c", "Difference", "p"],
        .. comparisons.Select(c => (IReadOnlyList<string>)[
            c.Title, $"{c.First}, {c.Second}", c.TestName, c.Outcome?.Verdict ?? "not measured yet", Count(c.Outcome?.Images), Count(c.Outcome?.OnlyFirst), Count(c.Outcome?.OnlySecond),
            c.Outcome is { } o ? Difference(o) : "-", c.Outcome is { } p ? PValue(p.P) : "-"]),
    ];

    /// <summary>E.g. <c>+0.80 [-0.31, +1.92] at 95 %</c>.</summary>
    public static string Difference(ComparisonOutcome outcome) =>
        string.Create(CultureInfo.InvariantCulture, $"{Signed(outcome.Difference)} [{Signed(outcome.Lower)}, {Signed(outcome.Upper)}] at {outcome.Confidence} %");

    /// <summary>Two significant digits, and no p value of 0.</summary>
    public static string PValue(double p) => p < 0.0001 ? "< 0.0001" : p.ToString(p < 0.001 ? "0.00000" : p < 0.01 ? "0.0000" : "0.000", CultureInfo.InvariantCulture);

    // A rounded nothing has no sign.
    static string Signed(double points) => Math.Round(points, 2) == 0 ? "0.00" : points.ToString("+0.00;-0.00", CultureInfo.InvariantCulture);

    static string Count(int? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
