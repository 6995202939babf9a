using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KdRobust.Api.Tests.Description;

/// <summary>Checks JSON against the schemas of an OpenAPI document: the words of JSON Schema that our document uses.</summary>
sealed class SchemaCheck(JsonNode document)
{
    /// <summary>What is wrong, each with its path; empty when nothing is.</summary>
    public IReadOnlyList<string> Problems(JsonNode? value, JsonNode schema)
    {
        var problems = new List<string>();
        Check(value, schema, "$", problems);
        return problems;
    }

    void Check(JsonNode? value, JsonNode schema, string path, List<string> problems)
    {
        if (schema["$ref"] is { } reference)
        {
            Check(value, reference.GetValue<string>()[2..].Split('/').Aggregate(document, (at, step) => at[step]!), path, problems);
            return;
        }
        foreach (var word in new[] { "anyOf", "oneOf" })
            if (schema[word] is JsonArray choices && !choices.Any(choice => Problems(value, choice!).Count == 0))
                problems.Add($"{path}: fits none of {word}: {string.Join("; ", choices.SelectMany(choice => Problems(value, choice!).Take(2)))}");
        foreach (var part in schema["allOf"]?.AsArray() ?? []) Check(value, part!, path, problems);
        if (schema["type"] is { } type && !Types(type).Any(name => Is(value, name))) problems.Add($"{path}: {value?.ToJsonString() ?? "null"} is no {type.ToJsonString()}");
        if (schema["enum"] is JsonArray values && !values.Any(allowed => JsonNode.DeepEquals(allowed, value))) problems.Add($"{path}: {value?.ToJsonString() ?? "null"} is none of {values.ToJsonString()}");
        if (schema["format"]?.GetValue<string>() is { } format && value is JsonValue text && text.TryGetValue<string>(out var written) && !HasFormat(written, format)) problems.Add($"{path}: '{written}' is no {format}");
        if (schema["pattern"]?.GetValue<string>() is { } pattern && value is JsonValue word2 && word2.TryGetValue<string>(out var matched) && !Regex.IsMatch(matched, pattern)) problems.Add($"{path}: '{matched}' does not match {pattern}");
        if (value is JsonObject fields) Fields(fields, schema, path, problems);
        if (value is JsonArray items && schema["items"] is { } each)
            for (var i = 0; i < items.Count; i++) Check(items[i], each, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), problems);
    }

    void Fields(JsonObject fields, JsonNode schema, string path, List<string> problems)
    {
        foreach (var required in schema["required"]?.AsArray() ?? [])
            if (!fields.ContainsKey(required!.GetValue<string>())) problems.Add($"{path}: {required} is missing");
        var known = schema["properties"]?.AsObject();
        foreach (var (name, value) in fields)
        {
            if (known?[name] is { } described) Check(value, described, $"{path}.{name}", problems);
            else if (schema["additionalProperties"] is JsonObject other) Check(value, other, $"{path}.{name}", problems);
            // A field of an answer that the document does not know would surprise who generated a client from it.
            else if (known is not null && schema["additionalProperties"] is not JsonObject && !IsExtensible(schema)) problems.Add($"{path}: {name} is not described");
        }
    }

    // RFC 9457 lets a problem carry members of its own; of a choice each part describes its own fields.
    static bool IsExtensible(JsonNode schema) => schema["properties"]?["instance"] is not null || schema["anyOf"] is not null || schema["oneOf"] is not null;

    static IEnumerable<string> Types(JsonNode type) => type is JsonArray several ? several.Select(name => name!.GetValue<string>()) : [type.GetValue<string>()];

    static bool Is(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == System.Text.Json.JsonValueKind.String,
        "boolean" => value?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False,
        "number" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number,
        "integer" => value?.GetValueKind() == System.Text.Json.JsonValueKind.Number && decimal.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number),
        _ => false,
    };

    static bool HasFormat(string text, string format) => format switch
    {
        "uuid" => Guid.TryParse(text, out _),
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
        _ => true,
    };
}
