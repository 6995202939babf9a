using System.Globalization;
using System.Text;
using System.Text.Json;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>A place in a spec: <c>models.cni.noise.rank</c>, <c>tables[0].title</c>, <c>models['a.b'].noise</c>; a leading <c>$.</c> may stand before it.</summary>
internal sealed class SpecPath
{
    readonly List<Step> _steps;

    SpecPath(string text, List<Step> steps) => (Text, _steps) = (text, steps);

    /// <summary>How it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a path; null when it has not the form of one.</summary>
    public static SpecPath? Parse(string text)
    {
        var steps = new List<Step>();
        var rest = text.StartsWith("$.", StringComparison.Ordinal) ? text.AsSpan(2) : text.AsSpan();
        while (!rest.IsEmpty)
        {
            if (rest[0] == '[')
            {
                var end = rest.IndexOf(']');
                if (end < 2) return null;
                var inside = rest[1..end];
                if (inside.Length > 2 && inside[0] == '\'' && inside[^1] == '\'') steps.Add(new(inside[1..^1].ToString(), -1));
                else if (int.TryParse(inside, NumberStyles.None, CultureInfo.InvariantCulture, out var index)) steps.Add(new(null, index));
                else return null;
                rest = rest[(end + 1)..];
            }
            else
            {
                if (steps.Count > 0)
                {
                    if (rest[0] != '.') return null;
                    rest = rest[1..];
                }
                var end = rest.IndexOfAny('.', '[');
                var name = end < 0 ? rest : rest[..end];
                if (name.IsEmpty) return null;
                steps.Add(new(name.ToString(), -1));
                rest = rest[name.Length..];
            }
        }
        return steps.Count > 0 ? new(text, steps) : null;
    }

    /// <summary>True when one of the two places lies in the other, or they are the same.</summary>
    public bool Overlaps(SpecPath other) => _steps.Zip(other._steps).All(pair => pair.First == pair.Second);

    /// <summary>Looks the place up.</summary>
    /// <returns>Null when it is there, else what is wrong: (what was looked for, what there is).</returns>
    public (string Got, string Expected)? Missing(JsonElement root)
    {
        var at = root;
        for (var i = 0; i < _steps.Count; i++)
        {
            var (name, index) = _steps[i];
            var before = i == 0 ? "the base" : $"'{Written(i)}'";
            if (name is null)
            {
                if (at.ValueKind != JsonValueKind.Array) return ($"[{Number(index)}]", $"{before} is no list");
                if (index >= at.GetArrayLength()) return ($"[{Number(index)}]", $"{before} has {Number(at.GetArrayLength())} entries, counted from 0");
                at = at[index];
            }
            else if (at.ValueKind != JsonValueKind.Object)
            {
                return (name, $"{before} has no fields");
            }
            else if (!at.TryGetProperty(name, out var next))
            {
                var names = at.EnumerateObject().Select(field => field.Name).ToList();
                return (name + SpecReader.DidYouMean(name, names), $"a field of {before}: {string.Join(", ", names)}");
            }
            else
            {
                at = next;
            }
        }
        return null;
    }

    /// <summary>Where the value of an existing place begins and ends in a text of UTF-8.</summary>
    public (int Start, int End) In(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        foreach (var (name, index) in _steps)
        {
            reader.Read();
            if (name is null)
            {
                for (var i = 0; i < index; i++)
                {
                    reader.Skip();
                    reader.Read();
                }
            }
            else
            {
                while (!reader.ValueTextEquals(name))
                {
                    reader.Read();
                    reader.Skip();
                    reader.Read();
                }
                reader.Read();
            }
        }
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return (start, (int)reader.BytesConsumed);
    }

    string Written(int steps)
    {
        var text = new StringBuilder();
        foreach (var (name, index) in _steps.Take(steps))
            text.Append(name is null ? $"[{Number(index)}]" : text.Length == 0 ? name : $".{name}");
        return text.ToString();
    }

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    readonly record struct Step(string? Name, int Index);
}
