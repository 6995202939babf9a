using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Output;

/// <summary>A list as JSON: all of its fields, or those that were named.</summary>
static class JsonFields
{
    /// <summary>Prints the items.</summary>
    /// <param name="terminal">Where.</param>
    /// <param name="items">The list.</param>
    /// <param name="wanted">Fields with commas between; empty for all, which are then listed on standard error.</param>
    /// <exception cref="CommandFailedException">There is no such field.</exception>
    public static void Write<T>(Terminal terminal, IEnumerable<T> items, string wanted)
    {
        var known = JsonSerializer.SerializeToNode(items.FirstOrDefault(), SpecJson.Options) is JsonObject first ? first.Select(field => field.Key).ToList() : Declared<T>();
        var fields = wanted.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (fields.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new CommandFailedException(ExitCode.Usage, $"there is no field '{unknown}': there are {string.Join(", ", known)}");
        var list = new JsonArray([.. items.Select(item => Part(JsonSerializer.SerializeToNode(item, SpecJson.Options)!.AsObject(), fields))]);
        terminal.Out.WriteLine(list.ToJsonString(SpecJson.Indented));
        if (fields.Length == 0) terminal.Say($"fields: {string.Join(", ", known)}; --json {string.Join(',', known.Take(2))} picks some");
    }

    static JsonNode Part(JsonObject item, string[] fields) => fields.Length == 0 ? item : new JsonObject(fields.Select(field => KeyValuePair.Create(field, item[field]?.DeepClone())));

    static List<string> Declared<T>() =>
        [.. SpecJson.Options.GetTypeInfo(typeof(T)).Properties.Select(property => property.Name)];
}
