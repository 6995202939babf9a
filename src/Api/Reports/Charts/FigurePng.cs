using System.Globalization;
using System.Xml.Linq;
using SkiaSharp;

namespace KdRobust.Api.Reports.Charts;

/// <summary>
/// A figure's SVG as PNG. It draws the few elements that <see cref="FigureDrawing"/> writes (g, path, rect, circle, text) with
/// the looks of <see cref="FigureInk"/>; any other SVG is refused rather than drawn in part.
/// </summary>
static class FigurePng
{
    // Twice the drawing's units: sharp in print and on dense screens.
    const float Scale = 2;

    static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Draws it on white.</summary>
    /// <param name="svg">What <see cref="FigureDrawing.Write"/> wrote.</param>
    public static byte[] Of(string svg)
    {
        var root = XElement.Parse(svg);
        using var surface = SKSurface.Create(new SKImageInfo((int)Math.Ceiling(Number(root, "width") * Scale), (int)Math.Ceiling(Number(root, "height") * Scale)))
            ?? throw new InvalidOperationException($"no picture of {root.Attribute("width")} by {root.Attribute("height")} can be made");
        surface.Canvas.Clear(SKColors.White);
        surface.Canvas.Scale(Scale);
        foreach (var element in root.Elements()) Draw(surface.Canvas, element);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    static void Draw(SKCanvas canvas, XElement element)
    {
        if (element.Name == Svg + "title" || element.Name == Svg + "style") return;
        if (element.Name == Svg + "g")
        {
            canvas.Save();
            Transform(canvas, element);
            foreach (var child in element.Elements()) Draw(canvas, child);
            canvas.Restore();
            return;
        }
        var (ink, colour) = LooksOf(element);
        if (element.Name == Svg + "text")
        {
            DrawText(canvas, element, ink, colour);
            return;
        }
        using var path = Shape(element);
        if (ink.Fill is { } fill)
        {
            using var paint = Paint(fill, colour, ink.Opacity, SKPaintStyle.Fill);
            canvas.DrawPath(path, paint);
        }
        if (ink.Stroke is { } stroke)
        {
            using var paint = Paint(stroke, colour, ink.Opacity, SKPaintStyle.Stroke);
            (paint.StrokeWidth, paint.StrokeCap, paint.StrokeJoin) = ((float)ink.Width, SKStrokeCap.Round, SKStrokeJoin.Round);
            using var dash = (string?)element.Attribute("stroke-dasharray") is { Length: > 0 } pattern ? SKPathEffect.CreateDash([.. pattern.Split(' ').Select(Single)], 0) : null;
            paint.PathEffect = dash;
            canvas.DrawPath(path, paint);
        }
    }

    static SKPath Shape(XElement element)
    {
        if (element.Name == Svg + "path") return SKPath.ParseSvgPathData((string)element.Attribute("d")!) ?? throw Unknown(element);
        using var builder = new SKPathBuilder();
        if (element.Name == Svg + "circle") builder.AddCircle(Number(element, "cx"), Number(element, "cy"), Number(element, "r"));
        else if (element.Name == Svg + "rect") builder.AddRect(SKRect.Create(Number(element, "x"), Number(element, "y"), Number(element, "width"), Number(element, "height")));
        else throw Unknown(element);
        return builder.Detach();
    }

    static void DrawText(SKCanvas canvas, XElement element, Ink ink, string? colour)
    {
        using var font = new SKFont(PackagedTypeface.Of(ink.Bold), (float)ink.FontSize) { Subpixel = true, Hinting = SKFontHinting.None };
        using var paint = Paint(ink.Fill!, colour, ink.Opacity, SKPaintStyle.Fill);
        var align = (string?)element.Attribute("text-anchor") switch { "middle" => SKTextAlign.Center, "end" => SKTextAlign.Right, _ => SKTextAlign.Left };
        canvas.Save();
        Transform(canvas, element);
        canvas.DrawText(element.Value, Number(element, "x"), Number(element, "y"), align, font, paint);
        canvas.Restore();
    }

    static (Ink Ink, string? Colour) LooksOf(XElement element)
    {
        var classes = ((string?)element.Attribute("class") ?? "").Split(' ');
        var known = classes.FirstOrDefault(FigureInk.Classes.ContainsKey) ?? throw Unknown(element);
        return (FigureInk.Classes[known], classes.Select(FigureInk.ColourOf).FirstOrDefault(c => c is not null));
    }

    static SKPaint Paint(string colour, string? series, double opacity, SKPaintStyle style) => new()
    {
        IsAntialias = true, Style = style,
        Color = SKColor.Parse(colour == FigureInk.Series ? series ?? throw new InvalidOperationException("a shape without the class of its line") : colour).WithAlpha((byte)Math.Round(255 * opacity)),
    };

    // translate(x y) and rotate(degrees), in this order, as far as they are there.
    static void Transform(SKCanvas canvas, XElement element)
    {
        foreach (var step in ((string?)element.Attribute("transform") ?? "").Split(')', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var numbers = step[(step.IndexOf('(', StringComparison.Ordinal) + 1)..].Split(' ').Select(Single).ToList();
            if (step.StartsWith("translate", StringComparison.Ordinal)) canvas.Translate(numbers[0], numbers[1]);
            else if (step.StartsWith("rotate", StringComparison.Ordinal)) canvas.RotateDegrees(numbers[0]);
            else throw Unknown(element);
        }
    }

    static float Number(XElement element, string attribute) => (string?)element.Attribute(attribute) is { } text ? Single(text) : 0;

    static float Single(string text) => float.Parse(text, CultureInfo.InvariantCulture);

    static InvalidOperationException Unknown(XElement element) => new($"figures have no such element: {element.Name.LocalName} of class '{(string?)element.Attribute("class")}'");
}
