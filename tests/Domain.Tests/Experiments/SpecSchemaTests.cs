using KdRobust.Domain.Experiments;
using KdRobust.Support;
using NJsonSchema;

namespace KdRobust.Domain.Tests.Experiments;

public sealed class SpecSchemaTests
{
    [Fact]
    public void The_committed_schema_is_the_one_the_reader_checks_against() =>
        // To renew it: ./kdr schema > experiments/experiment.schema.json
        File.ReadAllText(Repository.At("experiments", "experiment.schema.json")).ShouldBe(SpecSchema.Write());

    [Fact]
    public async Task Schema_and_reader_agree_on_the_demo_and_on_what_is_wrong_with_it()
    {
        var schema = await JsonSchema.FromJsonAsync(SpecSchema.Write());
        schema.Validate(DemoSpec.Json).ShouldBeEmpty();
        string[] wrong =
        [
            DemoSpec.With(s => s["seed"] = "one"),
            DemoSpec.With(s => s["surprise"] = 1),
            DemoSpec.With(s => s.AsObject().Remove("views")),
            DemoSpec.With(s => s["transfers"]!["cni-8"]!["attack"]!["steps"] = 0),
            DemoSpec.With(s => s["models"]!["cni"]!["noise"]!["kind"] = "colourful"),
            DemoSpec.With(s => s["models"]!["cni"]!["weights"]!["optimizer"]!["learningRate"] = 0),
        ];
        foreach (var json in wrong)
        {
            schema.Validate(json).ShouldNotBeEmpty();
            SpecReader.Read(json).Problems.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void Every_spec_of_the_repository_is_valid()
    {
        var files = Directory.GetFiles(Repository.At("experiments"), "*.json", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal) && Path.GetFileName(f) != "gpu-order.json" && Path.GetFileName(Path.GetDirectoryName(f)) != "sweeps").ToList();
        files.AddRange([Repository.At("bench", "gpu", "compare.json"), Repository.At("bench", "gpu", "small.json")]);
        files.ShouldNotBeEmpty();
        foreach (var file in files) SpecReader.Read(File.ReadAllText(file)).Problems.ShouldBeEmpty(file);
    }
}
