using System.Text.Json.Nodes;
using KdRobust.Domain.Sweeps;
using KdRobust.Support;

namespace KdRobust.Domain.Tests.Sweeps;

/// <summary>Sweeps over small.json, the sample of the API's tests: one teacher, one student, seven jobs.</summary>
internal static class Samples
{
    public static string SmallBase { get; } = File.ReadAllText(Repository.At("tests", "Api.Tests", "Samples", "small.json"));

    /// <summary>A sweep with this space and halving, as JSON.</summary>
    public static string Json(string space, string halving = "null", Action<JsonNode>? change = null)
    {
        var root = JsonNode.Parse($$"""{ "name": "s", "title": "t", "base": {{SmallBase}}, "space": {{space}}, "halving": {{halving}} }""")!;
        change?.Invoke(root);
        return root.ToJsonString();
    }

    public static SweepReading Reading(string space, string halving = "null", Action<JsonNode>? change = null) => SweepReader.Read(Json(space, halving, change));

    public static SweepSpec Spec(string space, string halving = "null")
    {
        var reading = Reading(space, halving);
        reading.Problems.ShouldBeEmpty();
        return reading.Spec!;
    }

    /// <summary>A grid with one axis for each entry.</summary>
    public static string Grid(params (string Name, string Path, string Values)[] axes) =>
        $$"""{ "kind": "grid", "axes": { {{string.Join(", ", axes.Select(a => $$"""
        "{{a.Name}}": { "paths": ["{{a.Path}}"], "values": {{a.Values}} }
        """))}} } }""";
}
