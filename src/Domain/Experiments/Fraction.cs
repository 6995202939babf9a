using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>
/// A number that may be written as a quotient: <c>0.0313</c> or <c>"8/255"</c>. Attack sizes are given in pixel units
/// of [0,1], and papers write them as n/255; keeping the quotient keeps the spec readable and the value exact.
/// </summary>
/// <param name="Value">The number itself.</param>
/// <param name="Text">How it was written.</param>
[JsonConverter(typeof(FractionConverter))]
public readonly record struct Fraction(double Value, string Text)
{
    /// <summary>Two fractions are equal when their values are; "2/255" and 0.00784313725490196 name the same attack.</summary>
    public bool Equals(Fraction other) => Value.Equals(other.Value);

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>How it was written, e.g. <c>8/255</c>.</summary>
    public override string ToString() => Text;

    /// <summary>A fraction from a plain number.</summary>
    public static Fraction Of(double value) => new(value, value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>numerator/denominator, e.g. <c>Of(8, 255)</c>.</summary>
    public static Fraction Of(int numerator, int denominator) =>
        new((double)numerator / denominator, string.Create(CultureInfo.InvariantCulture, $"{numerator}/{denominator}"));

    /// <summary>Reads <c>a/b</c> or a plain number; false when the text is neither, or b is 0.</summary>
    public static bool TryParse(string text, out Fraction fraction)
    {
        fraction = default;
        var parts = text.Split('/');
        if (parts.Length > 2 || !TryNumber(parts[0], out var numerator)) return false;
        var denominator = 1.0;
        if (parts.Length == 2 && (!TryNumber(parts[1], out denominator) || denominator == 0)) return false;
        fraction = new Fraction(numerator / denominator, text.Trim());
        return true;
    }

    static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    sealed class FractionConverter : JsonConverter<Fraction>
    {
        public override Fraction Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType == JsonTokenType.Number) return Of(reader.GetDouble());
            if (reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out var fraction)) return fraction;
            throw new JsonException("expected a number or a quotient such as \"8/255\"");
        }

        public override void Write(Utf8JsonWriter writer, Fraction value, JsonSerializerOptions options)
        {
            if (value.Text is not null && value.Text.Contains('/')) writer.WriteStringValue(value.Text);
            else writer.WriteNumberValue(value.Value);
        }
    }
}
