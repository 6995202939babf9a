using System.Globalization;
using KdRobust.Api.Reports.Charts;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The figures: panels side by side on common axes, one legend, and the same numbers as a table for whoever needs them.</summary>
static class FigureSection
{
    public static void Write(HtmlText page, ExperimentReport report)
    {
        if (report.Figures.Count == 0) return;
        page.Markup("<section>\n<h2>Figures</h2>\n");
        foreach (var figure in report.Figures) Write(page, figure, report.Synthetic);
        page.Markup("</section>\n");
    }

    static void Write(HtmlText page, ReportFigure figure, bool synthetic)
    {
        var (labels, styleOf) = LineStyle.Of(figure);
        page.Add($"<figure id=\"{figure.Id}\">\n<figcaption>{figure.Title}");
        if (synthetic) page.Markup(" (synthetic images, not CIFAR-10)");
        page.Markup("</figcaption>\n<ul class=\"legend\">");
        foreach (var label in labels)
        {
            page.Markup("<li>");
            styleOf(label).Sample(page);
            page.Add($"{label}</li>");
        }
        page.Markup("</ul>\n").Markup(figure.Panels.Count switch { 1 => "<div class=\"panels one\">\n", 2 => "<div class=\"panels two\">\n", _ => "<div class=\"panels\">\n" });
        foreach (var panel in figure.Panels)
        {
            page.Add($"<div><h4>{panel.Title}</h4>");
            var (x, y) = PanelChart.Axes(figure, panel);
            new PanelChart(panel, x, y, styleOf).Write(page);
            page.Markup("</div>\n");
        }
        page.Markup("</div>\n");
        if (figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.Points).ToList() is { Count: > 0 } points)
        {
            page.Add($"<p class=\"foot\">{Bands(figure, points)}</p>\n");
            WriteNumbers(page, figure);
        }
        page.Markup("</figure>\n");
    }

    /// <summary>What the bands are.</summary>
    internal static string Bands(ReportFigure figure, IReadOnlyList<ReportPoint> points)
    {
        var images = string.Join(" or ", points.Select(p => p.Images).Distinct().Order().Select(n => n.ToString(CultureInfo.InvariantCulture)));
        var radii = figure.Panels.Any(p => p.XAxis is ReportAxis.EpsilonLinf or ReportAxis.EpsilonL2);
        return $"Bands are 95 % intervals of each point, n = {images} images: Wilson's, over images{(radii ? "; over radii, where the tables have it, over images and draws together" : "")}.";
    }

    static void WriteNumbers(HtmlText page, ReportFigure figure)
    {
        page.Markup("<details><summary>the numbers</summary>\n");
        foreach (var panel in figure.Panels.Where(p => p.Series.Any(s => s.Points.Count > 0)))
        {
            var xs = panel.Series.SelectMany(s => s.Points).Select(p => p.X).Distinct().Order().ToList();
            page.Add($"<div class=\"scroll\"><table class=\"plain\"><caption>{panel.Title}; {PanelChart.Name(panel.YAxis)} in % [95 %]</caption><thead><tr><th>{PanelChart.Name(panel.XAxis)}</th>");
            foreach (var at in xs) page.Add($"<th class=\"num\">{at:0.##}</th>");
            page.Markup("</tr></thead><tbody>");
            foreach (var series in panel.Series)
            {
                var byX = series.Points.GroupBy(p => p.X).ToDictionary(p => p.Key, p => p.Last());
                page.Add($"<tr><td>{series.Label}</td>");
                foreach (var at in xs)
                    if (byX.TryGetValue(at, out var value)) page.Add($"<td class=\"num\">{value.Y:0.0#}<span class=\"bounds\">[{value.Lower:0.0}, {value.Upper:0.0}]</span></td>");
                    else page.Markup("<td class=\"num\"></td>");
                page.Markup("</tr>");
            }
            page.Markup("</tbody></table></div>\n");
        }
        page.Markup("</details>\n");
    }
}
