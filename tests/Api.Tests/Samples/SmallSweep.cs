using System.Text.Json.Nodes;

namespace KdRobust.Api.Tests.Samples;

/// <summary>The small chain at some weights of the student's teacher: what comes before the student is common to all points.</summary>
static class SmallSweep
{
    /// <summary>Under a seed no other test uses.</summary>
    public static string Unique(params double[] weights) => new JsonObject
    {
        ["name"] = "weights", ["title"] = "How much the teacher weighs", ["base"] = JsonNode.Parse(SmallSpec.Unique()),
        ["space"] = new JsonObject
        {
            ["kind"] = "grid",
            ["axes"] = new JsonObject
            {
                ["weight"] = new JsonObject { ["paths"] = new JsonArray("models.student.weights.distillation.weight"), ["values"] = new JsonArray([.. weights.Select(w => (JsonNode)w)]) },
            },
        },
        ["halving"] = null,
    }.ToJsonString();
}
