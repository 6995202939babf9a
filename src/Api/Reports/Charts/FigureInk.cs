using System.Globalization;

namespace KdRobust.Api.Reports.Charts;

/// <summary>How a class of shapes or texts looks in a figure's file.</summary>
/// <param name="Fill">Colour, <see cref="FigureInk.Series"/> for the line's own, or null for none.</param>
/// <param name="Stroke">As <paramref name="Fill"/>.</param>
/// <param name="Width">Of the stroke.</param>
/// <param name="Opacity">0 to 1.</param>
/// <param name="FontSize">Of texts; 0 for shapes.</param>
/// <param name="Bold">Of texts.</param>
sealed record Ink(string? Fill, string? Stroke = null, double Width = 1, double Opacity = 1, double FontSize = 0, bool Bold = false);

/// <summary>
/// The looks of figures that leave the page: colours of a white sheet, whatever the reader's screen prefers. SVG carries
/// them as a style sheet, PNG is drawn with them; both read this one table.
/// </summary>
static class FigureInk
{
    /// <summary>The colour of the line a shape belongs to.</summary>
    public const string Series = "currentColor";

    /// <summary>The typeface's name, and what an SVG viewer without it takes.</summary>
    public const string Family = "Inter, system-ui, 'Liberation Sans', Arial, sans-serif";

    const string Dark = "#1c1d1f", Soft = "#5b5f66", Paper = "#ffffff";

    /// <summary>Colours of the lines, as <c>--series-1</c> to <c>--series-6</c> of report.css.</summary>
    public static readonly IReadOnlyList<string> Colours = ["#0072b2", "#d55e00", "#00855f", "#b0518a", "#a06a00", "#3f8fc4"];

    /// <summary>Class to looks.</summary>
    public static readonly IReadOnlyDictionary<string, Ink> Classes = new Dictionary<string, Ink>(StringComparer.Ordinal)
    {
        ["sheet"] = new(Paper),
        ["axis"] = new(null, Dark),
        ["grid"] = new(null, "#e8e9ec"),
        ["band"] = new(Series, Opacity: 0.15),
        ["whisker"] = new(null, Series, 1.2, 0.55),
        ["line"] = new(null, Series, 1.8),
        ["mark"] = new(Series, Paper, 0.9),
        ["tick"] = new(Soft, FontSize: 10.5),
        ["label"] = new(Dark, FontSize: 11),
        ["empty"] = new(Soft, FontSize: 12),
        ["end"] = new(Series, FontSize: 10, Bold: true),
        ["caption"] = new(Dark, FontSize: 14, Bold: true),
        ["heading"] = new(Dark, FontSize: 12),
        ["key"] = new(Dark, FontSize: 11.5),
        ["note"] = new(Soft, FontSize: 10),
    };

    /// <summary>The colour of <c>s1</c> to <c>s6</c>; null for any other class.</summary>
    public static string? ColourOf(string @class) =>
        @class is ['s', var digit] && digit - '1' is var number && number >= 0 && number < Colours.Count ? Colours[number] : null;

    /// <summary>The same as a style sheet.</summary>
    public static string StyleSheet { get; } = string.Concat(
        Colours.Select((colour, i) => string.Create(CultureInfo.InvariantCulture, $".s{i + 1}{{color:{colour}}}"))
            .Concat(Classes.Select(c => $".{c.Key}{{{Rule(c.Value)}}}"))
            .Append($"text{{font-family:{Family}}}"));

    static string Rule(Ink ink) => string.Create(CultureInfo.InvariantCulture,
        $"fill:{ink.Fill ?? "none"};stroke:{ink.Stroke ?? "none"};stroke-width:{ink.Width};stroke-linejoin:round;stroke-linecap:round")
        + (ink.Opacity < 1 ? string.Create(CultureInfo.InvariantCulture, $";opacity:{ink.Opacity}") : "")
        + (ink.FontSize > 0 ? string.Create(CultureInfo.InvariantCulture, $";font-size:{ink.FontSize}px;font-weight:{(ink.Bold ? 600 : 400)}") : "");
}
