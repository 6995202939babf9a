using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace KdRobust.Domain.Experiments;

/// <summary>Reads a spec from JSON and reports everything that is wrong with it at once, each with its path.</summary>
public static class SpecReader
{
    /// <summary>Names of models, views, evaluations and transfers.</summary>
    internal const string NamePattern = "^[a-z0-9][a-z0-9.-]{0,49}$";

    /// <summary>How deep a spec may be nested.</summary>
    internal const int MaxDepth = 32;

    const string Root = "$";
    const string Discriminator = "kind";

    /// <summary>
    /// Reads <paramref name="json"/>. Syntax, unknown and missing fields, types and ranges come first; when they are right,
    /// the rules between fields (<see cref="SpecRules"/>) are checked too.
    /// </summary>
    public static SpecReading Read(string json)
    {
        using var document = Parse(json, typeof(ExperimentSpec), MaxDepth, out var problems);
        if (document is null || problems.Count > 0) return new(null, problems);
        var spec = document.RootElement.Deserialize<ExperimentSpec>(SpecJson.Options)!;
        return new(spec, SpecRules.Check(spec));
    }

    /// <summary>Parses JSON and checks its syntax, fields, types and ranges against a type of specs.</summary>
    /// <returns>Null when it is no JSON at all.</returns>
    internal static JsonDocument? Parse(string json, Type type, int maxDepth, out IReadOnlyList<SpecProblem> problems)
    {
        try
        {
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = maxDepth });
            if (SpecText.Unstorable(json) is { } unstorable)
            {
                problems = [unstorable];
                return document;
            }
            var found = new List<SpecProblem>();
            Check(document.RootElement, SpecShape.Of(type), null, Root, found);
            problems = found;
            return document;
        }
        catch (JsonException e)
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}");
            problems = [new(Root, $"not JSON at {where}", Shorten(LineOf(json, e.LineNumber)), "a JSON object; no comments, no trailing commas")];
            return null;
        }
    }

    static void Check(JsonElement element, SpecShape shape, SpecField? field, string path, List<SpecProblem> problems)
    {
        if (element.ValueKind == JsonValueKind.Null && field is { Nullable: true }) return;
        switch (shape.Kind)
        {
            case SpecShapeKind.Any:
                break;
            case SpecShapeKind.Text when element.ValueKind == JsonValueKind.String:
                var text = element.GetString()!;
                if (field?.Pattern is { } pattern && !Regex.IsMatch(text, pattern.Expression, RegexOptions.None, TimeSpan.FromSeconds(1)))
                    problems.Add(new(path, "text has the wrong form", Shorten(text), $"text matching {pattern.Expression}"));
                break;
            case SpecShapeKind.Flag when element.ValueKind is JsonValueKind.True or JsonValueKind.False:
                break;
            case SpecShapeKind.Integer when element.ValueKind == JsonValueKind.Number:
                // An integer must fit its type even when it has no range of its own.
                if (shape.Type == typeof(int) ? element.TryGetInt32(out _) : element.TryGetInt64(out _))
                    CheckRange(element.GetInt64(), element, field, path, problems);
                else problems.Add(new(path, "not a whole number of this size", Show(element), field?.Range?.ToString() ?? "a whole number"));
                break;
            case SpecShapeKind.Number when element.ValueKind == JsonValueKind.Number:
                CheckRange(element.GetDouble(), element, field, path, problems);
                break;
            case SpecShapeKind.Fraction when element.ValueKind == JsonValueKind.Number:
                CheckRange(element.GetDouble(), element, field, path, problems);
                break;
            case SpecShapeKind.Fraction when element.ValueKind == JsonValueKind.String && Fraction.TryParse(element.GetString()!, out var fraction):
                CheckRange(fraction.Value, element, field, path, problems);
                break;
            case SpecShapeKind.Enumeration when element.ValueKind == JsonValueKind.String && shape.Names.Contains(element.GetString()!, StringComparer.Ordinal):
                break;
            case SpecShapeKind.Enumeration when element.ValueKind == JsonValueKind.String:
                problems.Add(new(path, "unknown name" + DidYouMean(element.GetString()!, shape.Names), Show(element), OneOf(shape.Names)));
                break;
            case SpecShapeKind.List when element.ValueKind == JsonValueKind.Array:
                var index = 0;
                foreach (var item in element.EnumerateArray())
                    Check(item, SpecShape.Of(shape.Element!), null, $"{path}[{index++}]", problems);
                break;
            case SpecShapeKind.Map when element.ValueKind == JsonValueKind.Object:
                CheckMap(element, shape, path, problems);
                break;
            case SpecShapeKind.Union when element.ValueKind == JsonValueKind.Object:
                CheckUnion(element, shape, path, problems);
                break;
            case SpecShapeKind.Object when element.ValueKind == JsonValueKind.Object:
                CheckFields(element, shape, path, inUnion: false, problems);
                break;
            default:
                problems.Add(new(path, "wrong type", Show(element), Describe(shape, field)));
                break;
        }
    }

    static void CheckRange(double value, JsonElement element, SpecField? field, string path, List<SpecProblem> problems)
    {
        if (!double.IsFinite(value)) problems.Add(new(path, "not finite", Show(element), "a finite number"));
        else if (field?.Range is { } range && !range.Contains(value))
            problems.Add(new(path, "out of range", Show(element), range.ToString()));
    }

    static void CheckMap(JsonElement element, SpecShape shape, string path, List<SpecProblem> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in element.EnumerateObject())
        {
            var entryPath = Join(path, entry.Name);
            if (!seen.Add(entry.Name)) problems.Add(new(entryPath, "the name stands here twice", Shorten(entry.Name), "each name once"));
            if (!Regex.IsMatch(entry.Name, NamePattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
                problems.Add(new(entryPath, "a name has the wrong form", Shorten(entry.Name), "lower-case letters, digits, '-' and '.', at most 50"));
            Check(entry.Value, SpecShape.Of(shape.Element!), null, entryPath, problems);
        }
    }

    static void CheckUnion(JsonElement element, SpecShape shape, string path, List<SpecProblem> problems)
    {
        var kindPath = Join(path, Discriminator);
        if (!element.TryGetProperty(Discriminator, out var kind))
            problems.Add(new(kindPath, "missing", "", OneOf(shape.Cases.Keys)));
        else if (kind.ValueKind != JsonValueKind.String || !shape.Cases.TryGetValue(kind.GetString()!, out var type))
            problems.Add(new(kindPath, "unknown kind" + (kind.ValueKind == JsonValueKind.String ? DidYouMean(kind.GetString()!, shape.Cases.Keys) : ""), Show(kind), OneOf(shape.Cases.Keys)));
        else
            CheckFields(element, SpecShape.Of(type), path, inUnion: true, problems);
    }

    static void CheckFields(JsonElement element, SpecShape shape, string path, bool inUnion, List<SpecProblem> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in element.EnumerateObject())
        {
            var entryPath = Join(path, entry.Name);
            if (!seen.Add(entry.Name))
            {
                problems.Add(new(entryPath, "the field stands here twice", Shorten(entry.Name), "each field once"));
                continue;
            }
            if (inUnion && entry.Name == Discriminator) continue;
            var field = shape.Fields.FirstOrDefault(f => f.Name == entry.Name);
            if (field is null)
            {
                var names = shape.Fields.Select(f => f.Name).ToList();
                problems.Add(new(entryPath, "unknown field" + DidYouMean(entry.Name, names), Shorten(entry.Name), OneOf(names)));
            }
            else Check(entry.Value, SpecShape.Of(field.Type), field, entryPath, problems);
        }
        foreach (var field in shape.Fields.Where(f => f.Required && !seen.Contains(f.Name)))
            problems.Add(new(Join(path, field.Name), "missing", "", Describe(SpecShape.Of(field.Type), field)));
    }

    static string Describe(SpecShape shape, SpecField? field)
    {
        var what = shape.Kind switch
        {
            SpecShapeKind.Text => "text",
            SpecShapeKind.Any => "any JSON value",
            SpecShapeKind.Flag => "true or false",
            SpecShapeKind.Integer => "a whole number",
            SpecShapeKind.Number => "a number",
            SpecShapeKind.Fraction => "a number or a quotient such as \"8/255\"",
            SpecShapeKind.Enumeration => OneOf(shape.Names),
            SpecShapeKind.List => "a list [...]",
            SpecShapeKind.Map => "an object of named entries {...}",
            SpecShapeKind.Union => $"an object with \"kind\": {OneOf(shape.Cases.Keys)}",
            SpecShapeKind.Object => "an object {...}",
            _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.Kind, "no description"),
        };
        if (field?.Range is { } range) what += $", {range}";
        if (field is { Nullable: true }) what += ", or null";
        return what;
    }

    const int MostNamed = 40, MostGuessed = 200, LongestGuessed = 60;

    internal static string Join(string path, string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '$') ? $"{path}.{name}" : $"{path}['{Shorten(name)}']";

    /// <summary>The names there are; of very many the first.</summary>
    internal static string OneOf(IEnumerable<string> names)
    {
        var all = names.ToList();
        return "one of " + string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? FormattableString.Invariant($" and {all.Count - MostNamed} more") : "");
    }

    internal static string DidYouMean(string got, IEnumerable<string> names)
    {
        // Each is compared letter by letter, and nobody meant a short name by a long text.
        if (got.Length > LongestGuessed) return "";
        var nearest = names.Where(name => name.Length <= LongestGuessed).Take(MostGuessed).Select(n => (Name: n, Distance: EditDistance(got.ToLowerInvariant(), n.ToLowerInvariant())))
            .OrderBy(c => c.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, nearest.Name.Length / 3) ? $" (did you mean '{nearest.Name}'?)" : "";
    }

    static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substituted, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }

    static string Show(JsonElement element) => Shorten(element.GetRawText());

    internal static string Shorten(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");

    static string LineOf(string json, long? line)
    {
        var lines = json.Split('\n');
        return line is { } n && n < lines.Length ? lines[n].Trim() : "";
    }
}
