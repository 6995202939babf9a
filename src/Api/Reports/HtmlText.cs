using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace KdRobust.Api.Reports;

/// <summary>
/// HTML or SVG as it grows. Whatever is interpolated into <see cref="Add"/> is escaped, numbers are written as programs
/// read them (a point, no grouping); only <see cref="Markup"/> takes text as it is.
/// </summary>
sealed class HtmlText
{
    readonly StringBuilder text = new();

    /// <summary>Adds markup with escaped values in it.</summary>
    public HtmlText Add([InterpolatedStringHandlerArgument("")] ref Interpolation interpolation)
    {
        _ = interpolation;
        return this;
    }

    /// <summary>Adds a constant of the program.</summary>
    public HtmlText Markup(string constant)
    {
        text.Append(constant);
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => text.ToString();

    /// <summary>Escapes each value of an interpolated string while it is added.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Interpolation(int literalLength, int formattedCount, HtmlText page)
    {
        readonly StringBuilder text = page.text;

        public int Length => literalLength + formattedCount;

        public void AppendLiteral(string literal) => text.Append(literal);

        public void AppendFormatted<T>(T value, string? format = null) =>
            text.Append(WebUtility.HtmlEncode(value is IFormattable formattable ? formattable.ToString(format, CultureInfo.InvariantCulture) : value?.ToString()));
    }
}
