using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Tests.Experiments;

public sealed class SpecReaderTests
{
    [Fact]
    public void The_demo_is_valid()
    {
        var reading = SpecReader.Read(DemoSpec.Json);
        reading.Problems.ShouldBeEmpty();
        reading.Spec!.Models.Count.ShouldBe(5);
        reading.Spec.Models["cni"].Noise.ShouldBeOfType<ColoredNoiseSpec>().Diagonal.ShouldBe(0.0625);
        reading.Spec.Transfers["cni-8"].Attack.Epsilon.Value.ShouldBe(8.0 / 255);
        reading.Spec.Transfers["cni-8"].Attack.Epsilon.Text.ShouldBe("8/255");
    }

    [Fact]
    public void Unknown_field_is_refused_with_its_path_and_the_nearest_name()
    {
        var problem = DemoSpec.Reading(s => s["models"]!["cni"]!["weights"]!["epoch"] = 3).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.models.cni.weights.epoch");
        problem.Message.ShouldContain("did you mean 'epochs'?");
    }

    [Fact]
    public void Missing_field_is_named()
    {
        var problem = DemoSpec.Reading(s => s["models"]!["cni"]!["weights"]!.AsObject().Remove("optimizer")).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.models.cni.weights.optimizer");
        problem.Message.ShouldBe("missing");
        problem.Expected.ShouldContain("adam, adamw, sgd");
    }

    [Fact]
    public void Every_problem_is_reported_at_once()
    {
        var paths = DemoSpec.Reading(s =>
        {
            s["seed"] = "one";
            s["dataset"]!["trainImages"] = 0;
            s["models"]!["cni"]!["noise"]!["kind"] = "colourful";
            s["views"]!["cni"]!["aggregation"] = "vote";
            s["compute"]!["threads"] = 1.5;
            s["figures"] = null;
        }).Problems.Select(p => p.Path).ToList();
        paths.ShouldBe(["$.seed", "$.dataset.trainImages", "$.compute.threads", "$.models.cni.noise.kind", "$.views.cni.aggregation", "$.figures"]);
    }

    [Theory]
    [InlineData("epsilon", "200", "out of range")]
    [InlineData("epsilon", "\"8/0\"", "wrong type")]
    [InlineData("epsilon", "\"eight\"", "wrong type")]
    [InlineData("epsilon", "-0.1", "out of range")]
    [InlineData("steps", "0", "out of range")]
    [InlineData("steps", "99999999999", "not a whole number of this size")]
    [InlineData("randomStart", "1", "wrong type")]
    [InlineData("loss", "\"ce\"", "unknown name")]
    [InlineData("keep", "null", "wrong type")]
    public void Wrong_attack_value_names_field_value_and_expectation(string field, string value, string message)
    {
        var problem = DemoSpec.Reading(s => s["transfers"]!["cni-8"]!["attack"]![field] = JsonNode.Parse(value)).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe($"$.transfers.cni-8.attack.{field}");
        problem.Message.ShouldStartWith(message);
        problem.Got.ShouldBe(value);
        problem.Expected.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"name\": \"x\",}")]
    [InlineData("not json")]
    public void Not_json_says_where(string text)
    {
        var problem = SpecReader.Read(text).Problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$");
        problem.Message.ShouldContain("line 1, column");
    }

    [Fact]
    public void A_list_is_not_a_spec() => SpecReader.Read("[]").Problems.ShouldHaveSingleItem().Message.ShouldBe("wrong type");

    [Fact]
    public void A_field_that_stands_twice_is_refused() =>
        SpecReader.Read(DemoSpec.Json.Replace("\"seed\": 1,", "\"seed\": 1, \"seed\": 2,", StringComparison.Ordinal))
            .Problems.ShouldHaveSingleItem().Message.ShouldBe("the field stands here twice");

    [Fact]
    public void A_name_with_blanks_is_refused() =>
        DemoSpec.Reading(s => s["views"]!["my view"] = s["views"]!["cni"]!.DeepClone())
            .Problems.ShouldHaveSingleItem().Path.ShouldBe("$.views['my view']");

    [Fact]
    public void Depth_of_nesting_is_bounded() =>
        SpecReader.Read(string.Concat(Enumerable.Repeat("[", 100))).Problems.ShouldHaveSingleItem().Path.ShouldBe("$");
}
