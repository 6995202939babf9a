using System.Globalization;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports.Charts;

/// <summary>One pair of axes with its lines and their interval bands, as SVG: x in epochs, iterations or radii, y in per cent.</summary>
sealed class PanelChart(ReportPanel panel, AxisScale x, AxisScale y, Func<string, LineStyle> styleOf)
{
    /// <summary>Size of the drawing in its own units.</summary>
    public const double Width = 340, Height = 236;

    const double Left = 40, Right = Width - 38, Top = 12, Bottom = Height - 36;

    // More markers than this touch each other.
    const int MostMarkers = 16;
    const double LabelHeight = 11;

    /// <summary>The axes of a panel: y is common to all panels of the figure and x to those that count the same, so that they can be compared by eye.</summary>
    public static (AxisScale X, AxisScale Y) Axes(ReportFigure figure, ReportPanel panel)
    {
        static IEnumerable<ReportPoint> Points(IEnumerable<ReportPanel> panels) => panels.SelectMany(p => p.Series).SelectMany(s => s.Points);
        var alike = Points(figure.Panels.Where(p => p.XAxis == panel.XAxis)).Select(p => p.X).ToList();
        var counted = AxisScale.Around(alike, 0, 6, smallestStep: panel.XAxis == ReportAxis.EpsilonL2 ? 0 : 1);
        return (counted.UpTo(alike.DefaultIfEmpty(1).Max()), AxisScale.Around(Points(figure.Panels).SelectMany(p => new[] { p.Y, p.Upper, p.Lower }), 0, 5));
    }

    /// <summary>Adds the drawing as an element of its own.</summary>
    public void Write(HtmlText svg)
    {
        svg.Add($"<svg class=\"panel\" viewBox=\"0 0 {Width} {Height}\" role=\"img\"><title>{panel.Title}</title><desc>{Summary()}</desc>");
        WriteInside(svg);
        svg.Markup("</svg>");
    }

    /// <summary>Adds the shapes and texts alone, for a larger drawing.</summary>
    public void WriteInside(HtmlText svg)
    {
        WriteAxes(svg);
        if (panel.Series.All(s => s.Points.Count == 0))
            svg.Add($"<text class=\"empty\" x=\"{(Left + Right) / 2}\" y=\"{(Top + Bottom) / 2}\" text-anchor=\"middle\">not measured yet</text>");
        // All bands lie below all lines.
        foreach (var series in panel.Series) WriteBand(svg, series, styleOf(series.Label));
        foreach (var series in panel.Series) WriteLine(svg, series, styleOf(series.Label));
        WriteEndValues(svg);
    }

    /// <summary>One sentence for those who do not see the drawing.</summary>
    public string Summary() => string.Join(" ", panel.Series.Where(s => s.Points.Count > 0).Select(s => string.Create(CultureInfo.InvariantCulture,
        $"{s.Label}: {s.Points[0].Y:0.#} % at {Name(panel.XAxis)} {s.Points[0].X:0.#}, {s.Points[^1].Y:0.#} % at {s.Points[^1].X:0.#}.")));

    /// <summary>A column heading for the axis.</summary>
    public static string Name(ReportAxis axis) => axis switch
    {
        ReportAxis.Epoch => "epoch", ReportAxis.Iteration => "k", ReportAxis.EpsilonLinf => "255 ε", _ => "ε",
    };

    /// <summary>The measure in words.</summary>
    public static string Name(ReportMeasure measure) => measure == ReportMeasure.Accuracy ? "accuracy" : "agreement with the teacher";

    static string Label(ReportAxis axis) => axis switch
    {
        ReportAxis.Epoch => "epoch", ReportAxis.Iteration => "attack iteration k", ReportAxis.EpsilonLinf => "ε (linf), in 1/255", _ => "ε (l2), in pixel units",
    };

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
        svg.Add($"<text class=\"label\" x=\"{(Left + Right) / 2}\" y=\"{Height - 5}\" text-anchor=\"middle\">{Label(panel.XAxis)}</text>");
        svg.Add($"<text class=\"label\" transform=\"translate(10 {(Top + Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">{Name(panel.YAxis)}, %</text>");
    }

    /// <summary>From the lower to the upper bound of every point; a point alone gets a bar.</summary>
    void WriteBand(HtmlText svg, ReportSeries series, LineStyle style)
    {
        foreach (var run in Runs(series))
        {
            var shape = new HtmlText();
            if (run.Count == 1)
            {
                svg.Add($"<path class=\"whisker {style.Class}\" d=\"M{X(run[0].X):0.##} {Y(run[0].Lower):0.##}V{Y(run[0].Upper):0.##}\"/>");
                continue;
            }
            for (var i = 0; i < run.Count; i++) shape.Markup(i == 0 ? "M" : "L").Add($"{X(run[i].X):0.##} {Y(run[i].Upper):0.##}");
            for (var i = run.Count - 1; i >= 0; i--) shape.Add($"L{X(run[i].X):0.##} {Y(run[i].Lower):0.##}");
            svg.Add($"<path class=\"band {style.Class}\" d=\"{shape}Z\"/>");
        }
    }

    void WriteLine(HtmlText svg, ReportSeries series, LineStyle style)
    {
        var drawn = new HtmlText();
        foreach (var run in Runs(series))
            for (var i = 0; i < run.Count; i++) drawn.Markup(i == 0 ? "M" : "L").Add($"{X(run[i].X):0.##} {Y(run[i].Y):0.##}");
        svg.Add($"<path class=\"line {style.Class}\" stroke-dasharray=\"{style.Dash}\" d=\"{drawn}\"/>");
        if (series.Points.Count > MostMarkers) return;
        foreach (var point in series.Points.Where(p => double.IsFinite(p.Y))) style.Mark(svg, X(point.X), Y(point.Y));
    }

    // A number that is not one breaks the line: a bridge over it would be invented.
    static List<List<ReportPoint>> Runs(ReportSeries series)
    {
        var runs = new List<List<ReportPoint>>();
        var gap = true;
        foreach (var point in series.Points)
        {
            if (!double.IsFinite(point.Y)) { gap = true; continue; }
            if (gap) runs.Add([]);
            runs[^1].Add(point);
            gap = false;
        }
        return runs;
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
