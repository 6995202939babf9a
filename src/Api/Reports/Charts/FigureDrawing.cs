using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports.Charts;

/// <summary>A whole figure as one SVG file: caption, legend, up to three panels a row as the paper has them, and what the bands are.</summary>
static class FigureDrawing
{
    const double Margin = 14, Gap = 14, CaptionLine = 19, LegendLine = 18, HeadingLine = 20, NoteLine = 14;
    const int PanelsInRow = 3;

    // Widths of text are not known without the viewer's typeface; this is on the wide side of the usual ones.
    const double LetterWidth = 0.58;

    /// <summary>Writes the file.</summary>
    /// <param name="figure">The figure.</param>
    /// <param name="synthetic">True when the images are procedural, which the caption must say.</param>
    public static string Write(ReportFigure figure, bool synthetic)
    {
        var (labels, styleOf) = LineStyle.Of(figure);
        var columns = Math.Clamp(figure.Panels.Count, 1, PanelsInRow);
        var width = 2 * Margin + columns * PanelChart.Width + (columns - 1) * Gap;
        var inside = new HtmlText();
        var y = Margin;
        foreach (var line in Lines(figure.Title + (synthetic ? " (synthetic images, not CIFAR-10)" : ""), width - 2 * Margin, "caption"))
            inside.Add($"<text class=\"caption\" x=\"{Margin}\" y=\"{(y += CaptionLine) - 5}\">{line}</text>");
        y = WriteLegend(inside, labels, styleOf, y + 4, width);
        for (var first = 0; first < figure.Panels.Count; first += columns)
        {
            for (var i = first; i < Math.Min(first + columns, figure.Panels.Count); i++)
                WritePanel(inside, figure, figure.Panels[i], styleOf, Margin + (i - first) * (PanelChart.Width + Gap), y);
            y += HeadingLine + PanelChart.Height + 4;
        }
        if (figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.Points).ToList() is { Count: > 0 } points)
            foreach (var line in Lines(FigureSection.Bands(figure, points), width - 2 * Margin, "note"))
                inside.Add($"<text class=\"note\" x=\"{Margin}\" y=\"{(y += NoteLine) - 3}\">{line}</text>");
        var height = y + Margin - 4;
        var page = new HtmlText();
        page.Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\"><title>{figure.Title}</title>");
        page.Markup("<style>").Markup(FigureInk.StyleSheet).Markup("</style>");
        page.Add($"<rect class=\"sheet\" x=\"0\" y=\"0\" width=\"{width}\" height=\"{height}\"/>").Markup(inside.ToString()).Markup("</svg>\n");
        return page.ToString();
    }

    static double WriteLegend(HtmlText svg, IReadOnlyList<string> labels, Func<string, LineStyle> styleOf, double y, double width)
    {
        const double sample = 30, after = 6, between = 22;
        var x = Margin;
        y += LegendLine;
        foreach (var label in labels)
        {
            var entry = sample + after + WidthOf(label, "key");
            if (x > Margin && x + entry > width - Margin) (x, y) = (Margin, y + LegendLine);
            styleOf(label).SampleAt(svg, x, y - 9);
            svg.Add($"<text class=\"key\" x=\"{x + sample + after:0.##}\" y=\"{y - 5:0.##}\">{label}</text>");
            x += entry + between;
        }
        return y + 4;
    }

    static void WritePanel(HtmlText svg, ReportFigure figure, ReportPanel panel, Func<string, LineStyle> styleOf, double x, double y)
    {
        var (horizontal, vertical) = PanelChart.Axes(figure, panel);
        svg.Add($"<text class=\"heading\" x=\"{x + 40:0.##}\" y=\"{y + HeadingLine - 6:0.##}\">{panel.Title}</text><g transform=\"translate({x:0.##} {y + HeadingLine:0.##})\">");
        new PanelChart(panel, horizontal, vertical, styleOf).WriteInside(svg);
        svg.Markup("</g>");
    }

    static IEnumerable<string> Lines(string text, double width, string @class)
    {
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && WidthOf($"{line} {word}", @class) > width)
            {
                yield return line;
                line = word;
            }
            else line = line.Length == 0 ? word : $"{line} {word}";
        }
        if (line.Length > 0) yield return line;
    }

    static double WidthOf(string text, string @class) => text.Length * FigureInk.Classes[@class].FontSize * LetterWidth;
}
