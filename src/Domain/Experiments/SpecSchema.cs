using System.Text.Json.Nodes;

namespace KdRobust.Domain.Experiments;

/// <summary>The JSON schema (draft 7) of <see cref="ExperimentSpec"/> and of specs that hold one, written from the same shapes the reader checks against.</summary>
public static class SpecSchema
{
    /// <summary>The schema as indented JSON; committed as experiments/experiment.schema.json.</summary>
    public static string Write() => Write(typeof(ExperimentSpec), "KdRobust experiment");

    /// <summary>The schema of another type of specs.</summary>
    internal static string Write(Type type, string title)
    {
        var definitions = new JsonObject();
        var root = Object(SpecShape.Of(type), discriminator: null, definitions);
        root.Insert(0, "$schema", "http://json-schema.org/draft-07/schema#");
        root.Insert(1, "title", title);
        root["definitions"] = definitions;
        return root.ToJsonString(SpecJson.Indented).ReplaceLineEndings("\n") + "\n";
    }

    static JsonObject Of(Type type, SpecField? field, JsonObject definitions)
    {
        var shape = SpecShape.Of(type);
        var schema = shape.Kind switch
        {
            SpecShapeKind.Text => Typed("string"),
            SpecShapeKind.Any => new JsonObject(),
            SpecShapeKind.Flag => Typed("boolean"),
            SpecShapeKind.Integer => Typed("integer"),
            SpecShapeKind.Number => Typed("number"),
            SpecShapeKind.Fraction => Fraction(field),
            SpecShapeKind.Enumeration => new JsonObject { ["enum"] = Strings(shape.Names) },
            SpecShapeKind.List => new JsonObject { ["type"] = "array", ["items"] = Of(shape.Element!, null, definitions) },
            SpecShapeKind.Map => new JsonObject
            {
                ["type"] = "object",
                ["propertyNames"] = new JsonObject { ["pattern"] = SpecReader.NamePattern },
                ["additionalProperties"] = Of(shape.Element!, null, definitions),
            },
            SpecShapeKind.Union or SpecShapeKind.Object => Reference(shape, definitions),
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no schema"),
        };
        if (field?.Pattern is { } pattern) schema["pattern"] = pattern.Expression;
        if (field?.Range is { } range && shape.Kind != SpecShapeKind.Fraction) Bound(schema, range);
        if (field is { Nullable: true, Required: true })
            schema = new JsonObject { ["anyOf"] = new JsonArray(schema, Typed("null")) };
        if (field?.Description is { } description) schema["description"] = description;
        return schema;
    }

    static JsonObject Reference(SpecShape shape, JsonObject definitions)
    {
        var name = shape.Type.Name.EndsWith("Spec", StringComparison.Ordinal) ? shape.Type.Name[..^4] : shape.Type.Name;
        if (!definitions.ContainsKey(name))
        {
            definitions[name] = new JsonObject();
            definitions[name] = shape.Kind == SpecShapeKind.Object
                ? Object(shape, null, definitions)
                : new JsonObject
                {
                    ["oneOf"] = new JsonArray([.. shape.Cases.Select(c => (JsonNode)Object(SpecShape.Of(c.Value), c.Key, definitions))]),
                };
        }
        return new JsonObject { ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = $"#/definitions/{name}" }) };
    }

    static JsonObject Object(SpecShape shape, string? discriminator, JsonObject definitions)
    {
        var properties = new JsonObject();
        var required = new List<string>();
        if (discriminator is not null)
        {
            properties["kind"] = new JsonObject { ["enum"] = Strings([discriminator]) };
            required.Add("kind");
        }
        foreach (var field in shape.Fields)
        {
            properties[field.Name] = Of(field.Type, field, definitions);
            if (field.Required) required.Add(field.Name);
        }
        return new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = Strings(required),
            ["properties"] = properties,
        };
    }

    static JsonObject Fraction(SpecField? field)
    {
        var number = Typed("number");
        if (field?.Range is { } range) Bound(number, range);
        var quotient = Typed("string");
        quotient["pattern"] = @"^\s*[0-9.]+\s*(/\s*[0-9.]+\s*)?$";
        return new JsonObject { ["anyOf"] = new JsonArray(number, quotient) };
    }

    static void Bound(JsonObject schema, RangeAttribute range)
    {
        schema[range.ExclusiveMinimum ? "exclusiveMinimum" : "minimum"] = range.Minimum;
        // 2^63-1 has no exact double; the type itself bounds it.
        if (range.Maximum < long.MaxValue) schema["maximum"] = range.Maximum;
    }

    static JsonObject Typed(string type) => new() { ["type"] = type };

    static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
