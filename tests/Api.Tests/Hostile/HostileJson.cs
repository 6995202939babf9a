using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace KdRobust.Api.Tests.Hostile;

/// <summary>Bodies that are nearly right: what a schema describes, or an example, with one to three places struck.</summary>
sealed class HostileJson(JsonNode document, Random random)
{
    const int Deepest = 9;

    /// <summary>A value that a schema describes; optional fields are there by chance, of several kinds one is chosen.</summary>
    public JsonNode? Of(JsonNode? schema, int depth = 0)
    {
        while (schema?["$ref"] is { } reference) schema = reference.GetValue<string>()[2..].Split('/').Aggregate(document, (at, step) => at[step]!);
        if (schema is null || depth > Deepest) return null;
        foreach (var word in new[] { "anyOf", "oneOf" })
            if (schema[word] is JsonArray { Count: > 0 } kinds) return Of(kinds[random.Next(kinds.Count)], depth + 1);
        if (schema["enum"] is JsonArray { Count: > 0 } values) return values[random.Next(values.Count)]?.DeepClone();
        if (schema["const"] is { } only) return only.DeepClone();
        var type = schema["type"] is JsonArray several ? several[random.Next(several.Count)]!.GetValue<string>() : schema["type"]?.GetValue<string>();
        return type switch
        {
            "object" => Fields(schema, depth),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next(3)).Select(_ => Of(schema["items"], depth + 1))]),
            "integer" => JsonValue.Create(random.Next(-1, 20)),
            "number" => JsonValue.Create(Math.Round((random.NextDouble() * 2) - 0.5, 3)),
            "boolean" => JsonValue.Create(random.Next(2) == 0),
            "string" => JsonValue.Create(random.Next(3) switch { 0 => "cni", 1 => "8/255", _ => "x" }),
            _ => null,
        };
    }

    JsonObject Fields(JsonNode schema, int depth)
    {
        var made = new JsonObject();
        var required = (schema["required"]?.AsArray() ?? []).Select(name => name!.GetValue<string>()).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, field) in schema["properties"]?.AsObject() ?? [])
            if (required.Contains(name) || random.Next(2) == 0) made[name] = Of(field, depth + 1);
        if (schema["additionalProperties"] is JsonObject each) made["cni"] = Of(each, depth + 1);
        return made;
    }

    /// <summary>The text of a value in which one to three places are not what they should be.</summary>
    public string Struck(JsonNode? value)
    {
        var places = Places(value);
        var struck = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(places)).ToHashSet();
        var (text, at) = (new StringBuilder(), 0);
        Write(value, struck, ref at, text);
        return text.ToString();
    }

    void Write(JsonNode? value, HashSet<int> struck, ref int at, StringBuilder text)
    {
        if (struck.Contains(at++))
        {
            at += Places(value) - 1;
            text.Append(HostileText.InJson(random));
            return;
        }
        switch (value)
        {
            case JsonObject fields:
                text.Append('{');
                foreach (var (name, field) in fields)
                {
                    // A place that is struck may lose its name or its field, or come twice.
                    var fate = struck.Contains(at) ? random.Next(5) : 4;
                    if (fate == 0)
                    {
                        at += Places(field);
                        continue;
                    }
                    if (text[^1] != '{') text.Append(',');
                    if (fate == 1) text.Append($"{Quoted(name)}:{HostileText.InJson(random)},");
                    text.Append(Quoted(fate == 2 ? name + "\u0000x" : fate == 3 ? name.ToUpperInvariant() : name)).Append(':');
                    Write(field, struck, ref at, text);
                }
                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    if (text[^1] != '[') text.Append(',');
                    Write(item, struck, ref at, text);
                }
                text.Append(']');
                break;
            default:
                text.Append(value?.ToJsonString() ?? "null");
                break;
        }
    }

    static string Quoted(string name) => JsonSerializer.Serialize(name);

    static int Places(JsonNode? value) => 1 + (value switch
    {
        JsonObject fields => fields.Sum(field => Places(field.Value)),
        JsonArray items => items.Sum(Places),
        _ => 0,
    });
}
