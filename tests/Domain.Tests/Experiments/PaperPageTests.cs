using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Support;

namespace KdRobust.Domain.Tests.Experiments;

/// <summary>docs/paper.md lists every switch of the method that the schema knows.</summary>
public sealed class PaperPageTests
{
    // What no number depends on, or what is a name and not a switch.
    static readonly HashSet<string> NotOfTheMethod =
    [
        "$schema", "name", "title", "notes", "expected", "numbers", "petaflops", "time", "memory", "seed", "dataset", "compute", "models", "evaluations", "figures", "tables",
        "id", "labels", "columns", "rows", "cells", "result", "paper", "panels", "series", "label", "transfer", "kind", "view", "teacher",
    ];

    static readonly JsonNode Schema = JsonNode.Parse(SpecSchema.Write())!;

    static IEnumerable<string> Words(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields)
                {
                    if (name == "properties") foreach (var (field, _) in value!.AsObject()) yield return field;
                    if (name == "enum") foreach (var word in value!.AsArray()) yield return word!.GetValue<string>();
                    foreach (var inner in Words(value)) yield return inner;
                }
                break;
            case JsonArray items:
                foreach (var item in items)
                    foreach (var inner in Words(item)) yield return inner;
                break;
        }
    }

    [Fact]
    public void Every_field_and_every_value_of_the_schema_is_on_the_page()
    {
        var page = File.ReadAllText(Repository.At("docs", "paper.md"));
        var missing = Words(Schema).Distinct().Except(NotOfTheMethod).Where(word => !page.Contains($"`{word}`", StringComparison.Ordinal)).ToList();
        missing.ShouldBeEmpty("not in docs/paper.md, section 'Every switch'");
    }
}
