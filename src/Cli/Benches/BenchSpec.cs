using System.Text.Json.Nodes;
using KdRobust.Cli.Local;
using KdRobust.Cli.Specs;

namespace KdRobust.Cli.Benches;

/// <summary>Specs of one training, made from the demo's teacher.</summary>
static class BenchSpec
{
    const string Model = "cni";

    /// <summary>The demo without everything but its teacher.</summary>
    /// <param name="folders">The checkout whose demo it is.</param>
    /// <param name="name">The experiment's name.</param>
    /// <param name="change">Changes the spec, given whole, and the teacher's weights in it.</param>
    /// <returns>The spec as JSON.</returns>
    public static string Teacher(LocalFolders folders, string name, Action<JsonObject, JsonObject> change)
    {
        var file = SpecFile.Read(Path.Combine(folders.Root, "experiments", "demo.json"), []);
        var spec = JsonNode.Parse(file.Text)!.AsObject();
        foreach (var other in spec["models"]!.AsObject().Select(model => model.Key).Where(key => key != Model).ToList()) spec["models"]!.AsObject().Remove(other);
        foreach (var part in (string[])["views", "evaluations", "transfers"]) spec[part] = new JsonObject();
        foreach (var part in (string[])["notes", "tables", "figures", "comparisons"]) spec[part] = new JsonArray();
        spec["name"] = name;
        spec["title"] = $"Bench: {name}";
        change(spec, spec["models"]![Model]!["weights"]!.AsObject());
        return spec.ToJsonString();
    }
}
