using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The comparisons on identical images: what was asked, the counts, and the verdict in words.</summary>
static class ComparisonSection
{
    public static void Write(HtmlText page, ExperimentReport report)
    {
        if (report.Comparisons.Count == 0) return;
        page.Markup("<section id=\"comparisons\">\n<h2>Comparisons on identical images</h2>\n");
        if (report.Synthetic) page.Markup("<p class=\"foot\">Synthetic images, not CIFAR-10.</p>\n");
        page.Markup("<div class=\"scroll\"><table class=\"plain comparisons\"><thead><tr><th>comparison</th><th>test</th><th>verdict</th><th class=\"num\">difference</th><th class=\"num\">p</th><th class=\"num\">b</th><th class=\"num\">c</th><th class=\"num\">n</th></tr></thead>\n<tbody>\n");
        foreach (var comparison in report.Comparisons) Write(page, comparison);
        page.Add($"</tbody></table></div>\n<p class=\"foot\">{ComparisonText.Footnote}.</p>\n</section>\n");
    }

    static void Write(HtmlText page, ReportComparison comparison)
    {
        page.Add($"<tr><td class=\"wide\">{comparison.Title}<span class=\"size\">{comparison.First}, {comparison.Second}</span></td><td>{comparison.TestName}</td>");
        if (comparison.Outcome is not { } outcome)
        {
            page.Markup("<td class=\"missing\">not measured</td><td></td><td></td><td></td><td></td><td></td></tr>\n");
            return;
        }
        page.Add($"<td class=\"ours\">{outcome.Verdict}</td><td class=\"num\">{ComparisonText.Difference(outcome)}</td><td class=\"num\">{ComparisonText.PValue(outcome.P)}");
        if (comparison.Test is EquivalenceSpec && outcome is { PAboveLower: { } above, PBelowUpper: { } below })
            page.Add($"<span class=\"size\">not worse {ComparisonText.PValue(above)}, not better {ComparisonText.PValue(below)}</span>");
        page.Add($"</td><td class=\"num\">{outcome.OnlyFirst}</td><td class=\"num\">{outcome.OnlySecond}</td><td class=\"num\">{outcome.Images}</td></tr>\n");
    }
}
