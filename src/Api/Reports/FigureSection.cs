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
        // A label has one style in all panels of a figure.
        var labels = figure.Panels.SelectMany(p => p.Series).Select(s => s.Label).Distinct(StringComparer.Ordinal).ToList();
        LineStyle StyleOf(string label) => new(labels.IndexOf(label));
        var (x, y) = PanelChart.Axes(figure);

        page.Add($"<figure id=\"{figure.Id}\">\n<figcaption>{figure.Title}");
        if (synthetic) page.Markup(" (synthetic images, not CIFAR-10)");
        page.Markup("</figcaption>\n<ul class=\"legend\">");
        foreach (var label in labels)
        {
            page.Markup("<li>");
            StyleOf(label).Sample(page);
            page.Add($"{label}</li>");
        }
        page.Markup("</ul>\n").Markup(figure.Panels.Count switch { 1 => "<div class=\"panels one\">\n", 2 => "<div class=\"panels two\">\n", _ => "<div class=\"panels\">\n" });
        foreach (var panel in figure.Panels)
        {
            page.Add($"<div><h4>{panel.Title}</h4>");
            new PanelChart(panel, x, y, StyleOf).Write(page);
            page.Markup("</div>\n");
        }
        page.Markup("</div>\n");
        if (figure.Panels.SelectMany(p => p.Series).Any(s => s.Points.Count > 0)) WriteNumbers(page, figure);
        page.Markup("</figure>\n");
    }

    static void WriteNumbers(HtmlText page, ReportFigure figure)
    {
        page.Markup("<details><summary>the numbers</summary>\n");
        foreach (var panel in figure.Panels.Where(p => p.Series.Any(s => s.Points.Count > 0)))
        {
            var xs = panel.Series.SelectMany(s => s.Points).Select(p => p.X).Distinct().Order().ToList();
            page.Add($"<div class=\"scroll\"><table class=\"plain\"><caption>{panel.Title}; accuracy in %</caption><thead><tr><th>{panel.XAxis}</th>");
            foreach (var at in xs) page.Add($"<th class=\"num\">{at:0.##}</th>");
            page.Markup("</tr></thead><tbody>");
            foreach (var series in panel.Series)
            {
                var byX = series.Points.GroupBy(p => p.X).ToDictionary(p => p.Key, p => p.Last().Y);
                page.Add($"<tr><td>{series.Label}</td>");
                foreach (var at in xs)
                    if (byX.TryGetValue(at, out var value)) page.Add($"<td class=\"num\">{value:0.0#}</td>");
                    else page.Markup("<td class=\"num\"></td>");
                page.Markup("</tr>");
            }
            page.Markup("</tbody></table></div>\n");
        }
        page.Markup("</details>\n");
    }
}
