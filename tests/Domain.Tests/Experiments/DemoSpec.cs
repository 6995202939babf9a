using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Support;

namespace KdRobust.Domain.Tests.Experiments;

/// <summary>experiments/demo.json, whole or changed in one place.</summary>
internal static class DemoSpec
{
    public static string Json { get; } = File.ReadAllText(Repository.At("experiments", "demo.json"));

    public static ExperimentSpec Read() => SpecReader.Read(Json).Spec!;

    /// <summary>The spec's JSON after <paramref name="change"/> was applied to its tree.</summary>
    public static string With(Action<JsonNode> change)
    {
        var root = JsonNode.Parse(Json)!;
        change(root);
        return root.ToJsonString();
    }

    /// <summary>What the reader says of the changed spec.</summary>
    public static SpecReading Reading(Action<JsonNode> change) => SpecReader.Read(With(change));
}
