using System.Globalization;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports.Charts;

/// <summary>One pair of axes with its lines, as inline SVG: x in epochs or iterations, y in per cent.</summary>
sealed class PanelChart(ReportPanel panel, AxisScale x, AxisScale y, Func<string, LineStyle> styleOf)
{
    const double Width = 340, Height = 236;
    const double Left = 40, Right = Width - 38, Top = 12, Bottom = Height - 36;

    // More markers than this touch each other.
    const int MostMarkers = 16;
    const double LabelHeight = 11;

    /// <summary>The axes that all panels of a figure share, so that they can be compared by eye.</summary>
    public static (AxisScale X, AxisScale Y) Axes(ReportFigure figure)
    {
        var points = figure.Panels.SelectMany(p => p.Series).SelectMany(s => s.Points).ToList();
        var counted = AxisScale.Around(points.Select(p => p.X), 0, 6, smallestStep: 1);
        return (counted.UpTo(points.Select(p => p.X).DefaultIfEmpty(1).Max()), AxisScale.Around(points.Select(p => p.Y), 0, 5));
    }

    /// <summary>Adds the drawing.</summary>
    public void Write(HtmlText svg)
    {
        svg.Add($"<svg class=\"panel\" viewBox=\"0 0 {Width} {Height}\" role=\"img\"><title>{panel.Title}</title><desc>{Summary()}</desc>");
        WriteAxes(svg);
        if (panel.Series.All(s => s.Points.Count == 0))
            svg.Add($"<text class=\"empty\" x=\"{(Left + Right) / 2}\" y=\"{(Top + Bottom) / 2}\" text-anchor=\"middle\">not measured yet</text>");
        foreach (var series in panel.Series) WriteLine(svg, series, styleOf(series.Label));
        WriteEndValues(svg);
        svg.Markup("</svg>");
    }

    /// <summary>One sentence for those who do not see the drawing.</summary>
    public string Summary() => string.Join(" ", panel.Series.Where(s => s.Points.Count > 0).Select(s => string.Create(CultureInfo.InvariantCulture,
        $"{s.Label}: {s.Points[0].Y:0.#} % at {Name(panel.XAxis)} {s.Points[0].X:0.#}, {s.Points[^1].Y:0.#} % at {s.Points[^1].X:0.#}.")));

    static string Name(string axis) => axis == "k" ? "iteration" : axis;

    void WriteAxes(HtmlText svg)
    {
        foreach (var tick in y.Ticks)
        {
            var at = Y(tick);
            svg.Add($"<path class=\"grid\" d=\"M{Left} {at:0.##}H{Right}\"/><text class=\"tick\" x=\"{Left - 6}\" y=\"{at + 3.5:0.##}\" text-anchor=\"end\">{tick:0.##}</text>");
        }
        foreach (var tick in x.Ticks)
        {
            var at = X(tick);
            svg.Add($"<path class=\"axis\" d=\"M{at:0.##} {Bottom}v4\"/><text class=\"tick\" x=\"{at:0.##}\" y=\"{Bottom + 15}\" text-anchor=\"middle\">{tick:0.##}</text>");
        }
        svg.Add($"<path class=\"axis\" d=\"M{Left} {Bottom}H{Right}\"/>");
        svg.Add($"<text class=\"label\" x=\"{(Left + Right) / 2}\" y=\"{Height - 5}\" text-anchor=\"middle\">{(panel.XAxis == "k" ? "attack iteration k" : panel.XAxis)}</text>");
        svg.Add($"<text class=\"label\" transform=\"translate(10 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">accuracy, %</text>");
    }

    void WriteLine(HtmlText svg, ReportSeries series, LineStyle style)
    {
        var drawn = new HtmlText();
        var gap = true;
        foreach (var point in series.Points)
        {
            // A number that is not one breaks the line: a bridge over it would be invented.
            if (!double.IsFinite(point.Y)) { gap = true; continue; }
            drawn.Markup(gap ? "M" : "L").Add($"{X(point.X):0.##} {Y(point.Y):0.##}");
            gap = false;
        }
        svg.Add($"<path class=\"line {style.Class}\" stroke-dasharray=\"{style.Dash}\" d=\"{drawn}\"/>");
        if (series.Points.Count > MostMarkers) return;
        foreach (var point in series.Points.Where(p => double.IsFinite(p.Y))) style.Mark(svg, X(point.X), Y(point.Y));
    }

    /// <summary>The last value beside the end of each line, moved apart where two would cover each other.</summary>
    void WriteEndValues(HtmlText svg)
    {
        var ends = panel.Series.Where(s => s.Points.Count > 0 && double.IsFinite(s.Points[^1].Y))
            .Select(s => (Style: styleOf(s.Label), s.Points[^1].X, s.Points[^1].Y, At: Y(s.Points[^1].Y)))
            .OrderBy(e => e.At).ToList();
        for (var i = 1; i < ends.Count; i++)
            if (ends[i].At < ends[i - 1].At + LabelHeight) ends[i] = ends[i] with { At = ends[i - 1].At + LabelHeight };
        var excess = ends.Count > 0 ? Math.Max(0, ends[^1].At - (Bottom - 1)) : 0;
        for (var i = ends.Count - 1; i >= 0 && excess > 0; i--)
        {
            // Pushed below the axis: move this one and, as far as needed, those above it back up.
            ends[i] = ends[i] with { At = ends[i].At - excess };
            excess = i > 0 ? Math.Max(0, ends[i - 1].At + LabelHeight - ends[i].At) : 0;
        }
        foreach (var end in ends)
            svg.Add($"<text class=\"end {end.Style.Class}\" x=\"{X(end.X) + 7:0.##}\" y=\"{end.At + 3.5:0.##}\">{end.Y:0.0}</text>");
    }

    double X(double value) => x.Position(value, Left, Right);

    double Y(double value) => y.Position(value, Bottom, Top);
}
