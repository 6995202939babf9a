using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports.Charts;

/// <summary>
/// How one line is told from the others: colour, dash and marker together, so that neither colour blindness nor a black
/// and white print hides which is which. Colours come from the page's style sheet (<c>--series-1</c> to <c>--series-6</c>,
/// after Okabe and Ito).
/// </summary>
sealed record LineStyle(int Number)
{
    public const int Count = 6;

    static readonly string[] Dashes = ["", "6 3", "2 2.5", "8 3 2 3", "", "6 3"];

    /// <summary>Class that gives the colour.</summary>
    public string Class => $"s{Number % Count + 1}";

    /// <summary>SVG dash pattern; empty for a full line.</summary>
    public string Dash => Dashes[Number % Count];

    /// <summary>A marker at a point of the drawing: circle, square, triangle, diamond, in turn.</summary>
    public void Mark(HtmlText svg, double x, double y)
    {
        const double r = 2.9;
        switch (Number % 4)
        {
            case 0: svg.Add($"<circle class=\"mark {Class}\" cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"{r}\"/>"); break;
            case 1: svg.Add($"<rect class=\"mark {Class}\" x=\"{x - r + .3:0.##}\" y=\"{y - r + .3:0.##}\" width=\"{2 * r - .6:0.##}\" height=\"{2 * r - .6:0.##}\"/>"); break;
            case 2: svg.Add($"<path class=\"mark {Class}\" d=\"M{x:0.##} {y - r - .5:0.##}l{r + .5:0.##} {2 * r:0.##}h{-2 * r - 1:0.##}z\"/>"); break;
            default: svg.Add($"<path class=\"mark {Class}\" d=\"M{x:0.##} {y - r - .7:0.##}l{r + .7:0.##} {r + .7:0.##}l{-r - .7:0.##} {r + .7:0.##}l{-r - .7:0.##} {-r - .7:0.##}z\"/>"); break;
        }
    }

    /// <summary>A short sample of the line for a legend.</summary>
    public void Sample(HtmlText page)
    {
        page.Add($"<svg class=\"key\" viewBox=\"0 0 30 12\" width=\"30\" height=\"12\" aria-hidden=\"true\">");
        SampleAt(page, 0, 6);
        page.Markup("</svg>");
    }

    /// <summary>The same inside a drawing, 30 wide, from (x, y) to the right.</summary>
    public void SampleAt(HtmlText svg, double x, double y)
    {
        svg.Add($"<path class=\"line {Class}\" stroke-dasharray=\"{Dash}\" d=\"M{x + 1:0.##} {y:0.##}h28\"/>");
        Mark(svg, x + 15, y);
    }

    /// <summary>The style of each label of a figure: one label has one style in all its panels.</summary>
    public static (IReadOnlyList<string> Labels, Func<string, LineStyle> StyleOf) Of(ReportFigure figure)
    {
        var labels = figure.Panels.SelectMany(p => p.Series).Select(s => s.Label).Distinct(StringComparer.Ordinal).ToList();
        return (labels, label => new(labels.IndexOf(label)));
    }
}
