using System.Xml.Linq;
using KdRobust.Api.Reports;
using KdRobust.Api.Reports.Charts;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Reports;
using SkiaSharp;

namespace KdRobust.Api.Tests.Reports;

public sealed class FigureFileTests
{
    static readonly ExperimentReport Report = SampleResults.Report(FullSpec.Spec, FullSpec.Text).Report;
    static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string> Figures { get; } = new(Report.Figures.Select(f => f.Id));

    static ReportFigure Figure(string id) => Report.Figures.Single(f => f.Id == id);

    [Theory]
    [MemberData(nameof(Figures))]
    public void An_SVG_file_is_whole_by_itself(string id)
    {
        var svg = FigureDrawing.Write(Figure(id), synthetic: false);
        var root = XElement.Parse(svg);
        root.Name.ShouldBe(Svg + "svg");
        svg.ShouldNotContain("var(");
        svg.ShouldNotContain("url(");
        root.Descendants(Svg + "text").ShouldAllBe(t => FigureInk.Classes.ContainsKey(((string)t.Attribute("class")!).Split(' ')[0]));
        root.Descendants(Svg + "g").Count().ShouldBe(Figure(id).Panels.Count);
        foreach (var label in Figure(id).Panels.SelectMany(p => p.Series).Select(s => s.Label))
            root.Descendants(Svg + "text").Select(t => t.Value).ShouldContain(label);
    }

    [Theory]
    [MemberData(nameof(Figures))]
    public void A_PNG_shows_the_lines_in_their_colours_and_text_though_no_font_is_asked_of_the_machine(string id)
    {
        var svg = FigureDrawing.Write(Figure(id), synthetic: false);
        using var picture = SKBitmap.Decode(FigurePng.Of(svg));
        picture.Width.ShouldBe((int)Math.Ceiling(2 * (double)XElement.Parse(svg).Attribute("width")!));
        var pixels = picture.Pixels;
        foreach (var (_, i) in LineStyle.Of(Figure(id)).Labels.Select((label, i) => (label, i)))
            pixels.Count(p => p == SKColor.Parse(FigureInk.Colours[i])).ShouldBeGreaterThan(100, FigureInk.Colours[i]);
        // The caption's letters: dark on white in the first lines of the sheet, where nothing but text is.
        var caption = pixels.Take(picture.Width * 50).Count(p => p.Red < 90 && p.Green < 90 && p.Blue < 90);
        caption.ShouldBeGreaterThan(Figure(id).Title.Length * 8);
    }

    [Fact]
    public void Text_stands_where_the_SVG_says_and_turns_as_it_says()
    {
        using var picture = SKBitmap.Decode(FigurePng.Of("""
            <svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><text class="caption" x="90" y="50" text-anchor="end">MMM</text><text class="caption" transform="translate(20 90) rotate(-90)">MMM</text></svg>
            """));
        int Dark(int x0, int x1, int y0, int y1) => (from x in Enumerable.Range(x0, x1 - x0) from y in Enumerable.Range(y0, y1 - y0) select picture.GetPixel(x, y)).Count(p => p.Red < 128);
        Dark(100, 180, 70, 101).ShouldBeGreaterThan(300);
        Dark(180, 200, 0, 200).ShouldBe(0);
        Dark(10, 42, 90, 180).ShouldBeGreaterThan(300);
        Dark(10, 42, 181, 200).ShouldBe(0);
    }

    [Fact]
    public void What_figures_do_not_have_is_refused() =>
        Should.Throw<InvalidOperationException>(() => FigurePng.Of("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><ellipse class=\"mark s1\"/></svg>")).Message.ShouldContain("ellipse");

    [Fact]
    public void The_two_style_sheets_name_the_same_colours()
    {
        var (report, context) = SampleResults.Report(SmallSpec.Spec, SmallSpec.Text);
        var page = HtmlReport.Write(report, context);
        foreach (var (colour, i) in FigureInk.Colours.Select((c, i) => (c, i))) page.ShouldContain($"--series-{i + 1}: {colour};");
    }

    [Fact]
    public void A_CSV_has_a_row_a_point_with_its_bounds_and_n()
    {
        var figure = Figure("fig5");
        var rows = FigureCsv.Write(figure).TrimEnd().Split("\r\n");
        rows[0].ShouldBe("panel,series,axis,measure,x,y,lower,upper,n");
        rows.Length.ShouldBe(1 + figure.Panels.Sum(p => p.Series.Sum(s => s.Points.Count)));
        rows[1].ShouldStartWith("ε = 2/255,not fooled up to k,k,accuracy,0,39,");
        rows[1].ShouldEndWith(",400");
        rows.ShouldContain(row => row.Contains("\"right at k, one draw\""));
    }

    [Fact]
    public void A_band_holds_its_line_and_a_gap_breaks_both()
    {
        ReportPoint At(double x, double y) => new(x, y, y - 5, y + 5, 100);
        var figure = new ReportFigure("f", "f", [new("p", ReportAxis.Epoch, ReportMeasure.Accuracy, [new("a", [At(1, 40), At(2, 50), At(3, double.NaN), At(4, 45), At(5, 47)])])]);
        var root = XElement.Parse(FigureDrawing.Write(figure, synthetic: false));
        var bands = root.Descendants(Svg + "path").Where(p => ((string)p.Attribute("class")!).StartsWith("band", StringComparison.Ordinal)).Select(p => (string)p.Attribute("d")!).ToList();
        bands.Count.ShouldBe(2);
        using var band = SKPath.ParseSvgPathData(bands[0]);
        using var line = SKPath.ParseSvgPathData((string)root.Descendants(Svg + "path").Single(p => ((string)p.Attribute("class")!).StartsWith("line", StringComparison.Ordinal) && ((string)p.Attribute("d")!).Contains('L')).Attribute("d")!);
        band.Contains((line.Points[0].X + line.Points[1].X) / 2, (line.Points[0].Y + line.Points[1].Y) / 2).ShouldBeTrue();
        bands.ShouldAllBe(d => !d.Contains("NaN"));
    }
}
