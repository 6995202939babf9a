using System.Text;
using System.Text.Json;

namespace KdRobust.Domain.Experiments;

/// <summary>Texts that JSON can write and nothing can keep: U+0000, which no database stores, and halves of surrogate pairs, which are no characters.</summary>
public static class SpecText
{
    /// <summary>The first such text of a JSON document, with the line it stands in; null when there is none.</summary>
    public static SpecProblem? Unstorable(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);
        var reader = new Utf8JsonReader(bytes);
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped || IsText(ref reader)) continue;
            var line = bytes.AsSpan(0, (int)reader.TokenStartIndex).Count((byte)'\n') + 1;
            return new("$", FormattableString.Invariant($"a text in line {line} cannot be stored"), Encoding.UTF8.GetString(reader.ValueSpan[..Math.Min(40, reader.ValueSpan.Length)]), "text without \\u0000 and without half of a surrogate pair");
        }
        return null;
    }

    static bool IsText(ref Utf8JsonReader reader)
    {
        try
        {
            return !reader.GetString()!.Contains('\0');
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
