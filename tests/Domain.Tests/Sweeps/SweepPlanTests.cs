using System.Text.Json;
using System.Text.Json.Nodes;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Domain.Tests.Sweeps;

public sealed class SweepPlanTests
{
    static SweepPlan Plan(SweepSpec spec)
    {
        var (plan, problems) = SweepPlan.Of(spec);
        problems.ShouldBeEmpty();
        return plan!;
    }

    [Fact]
    public void A_point_is_the_very_experiment_that_its_spec_alone_would_be()
    {
        var plan = Plan(Samples.Spec(Samples.Grid(("rank", "models.cni.noise.rank", "[1, 5]"), ("title", "tables[0].title", "[\"a \\\"b\\\"\", \"c\"]"))));
        plan.Points.Count.ShouldBe(4);
        foreach (var point in plan.Points)
        {
            var alone = JsonNode.Parse(Samples.SmallBase)!;
            alone["models"]!["cni"]!["noise"]!["rank"] = JsonNode.Parse(point.Point.Values[0].GetRawText());
            alone["tables"]![0]!["title"] = JsonNode.Parse(point.Point.Values[1].GetRawText());
            var expected = ExperimentPlan.Of(SpecReader.Read(alone.ToJsonString()).Spec!);
            point.Plan.Fingerprint.ShouldBe(expected.Fingerprint);
            point.Plan.Jobs.Select(job => job.Fingerprint).ShouldBe(expected.Jobs.Select(job => job.Fingerprint));
        }
    }

    [Fact]
    public void An_axis_may_set_several_places_and_put_in_whole_objects()
    {
        var plan = Plan(Samples.Spec("""
            { "kind": "grid", "axes": {
                "rate": { "paths": ["models.cni.weights.optimizer.learningRate", "models['student'].weights.optimizer.learningRate"], "values": [0.5] },
                "noise": { "paths": ["models.cni.noise"], "values": [{ "kind": "none" }] } } }
            """));
        var spec = plan.Points.ShouldHaveSingleItem().Spec;
        spec.Models.Values.Select(model => ((TrainingSpec)model.Weights).Optimizer.LearningRate).ShouldBe([0.5, 0.5]);
        spec.Models["cni"].Noise.ShouldBeOfType<NoNoiseSpec>();
    }

    [Fact]
    public void What_points_have_in_common_is_one_job()
    {
        var plan = Plan(Samples.Spec(Samples.Grid(("weight", "models.student.weights.distillation.weight", "[0.25, 0.5, 0.75]"))));
        var jobs = plan.Points.SelectMany(point => point.Plan.Jobs).ToList();
        jobs.Where(job => job.Key == "train/cni").Select(job => job.Fingerprint).Distinct().ShouldHaveSingleItem();
        jobs.Where(job => job.Key == "train/student").Select(job => job.Fingerprint).Distinct().Count().ShouldBe(3);
    }

    [Fact]
    public void Equal_points_are_equal_experiments_and_a_rung_is_another_one()
    {
        var halving = """{ "paths": ["models.cni.weights.epochs"], "rungs": [2, 4], "eta": 2, "by": { "kind": "result", "result": "teacher-clean" }, "goal": "maximize" }""";
        var spec = Samples.Spec(Samples.Grid(("seed", "seed", "[1, 1, 2]")), halving);
        var first = Plan(spec);
        first.Points.Select(point => point.Plan.Fingerprint).Distinct().Count().ShouldBe(2);
        first.Points.ShouldAllBe(point => ((TrainingSpec)point.Spec.Models["cni"].Weights).Epochs == 2);
        var second = SweepPlan.Of(spec, 1, [first.Points[2].Point]).Plan!;
        ((TrainingSpec)second.Points.ShouldHaveSingleItem().Spec.Models["cni"].Weights).Epochs.ShouldBe(4);
        second.Points[0].Point.Ordinal.ShouldBe(2);
    }

    [Theory]
    [InlineData("many points of a large base")]
    [InlineData("a long value of one axis at every value of another")]
    [InlineData("a long value at many places")]
    [InlineData("a long choice drawn again and again")]
    public void A_small_body_that_names_gigabytes_is_refused_before_they_are_written(string bomb)
    {
        var large = $"\"{new string('x', 100_000)}\"";
        var numbers = $"[{string.Join(", ", Enumerable.Range(1, 9000))}]";
        var places = string.Join(", ", Enumerable.Range(0, 900).Select(i => $"\"notes[{i}]\""));
        var reading = bomb switch
        {
            "many points of a large base" => Samples.Reading(Samples.Grid(("seed", "seed", numbers)), change: sweep => sweep["base"]!["notes"] = new JsonArray(JsonNode.Parse(large))),
            "a long value of one axis at every value of another" => Samples.Reading(Samples.Grid(("seed", "seed", numbers), ("title", "title", $"[{large}]"))),
            "a long value at many places" => Samples.Reading($$"""{ "kind": "grid", "axes": { "note": { "paths": [{{places}}], "values": ["{{new string('x', 1_000_000)}}"] } } }""", change: sweep => sweep["base"]!["notes"] = new JsonArray([.. Enumerable.Range(0, 900).Select(_ => (JsonNode)"n")])),
            _ => Samples.Reading($$"""{ "kind": "random", "seed": 1, "count": 9000, "axes": { "title": { "paths": ["title"], "draw": { "kind": "choice", "values": [{{large}}] } } } }"""),
        };
        reading.Problems.ShouldBeEmpty();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var (plan, problems) = SweepPlan.Of(reading.Spec!);
        plan.ShouldBeNull();
        var problem = problems.ShouldHaveSingleItem();
        problem.Path.ShouldBe("$.base");
        problem.Message.ShouldContain("too much text together");
        problem.Expected.ShouldContain("fewer points, a smaller base, or shorter values");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16L << 20);
    }

    [Fact]
    public void Axes_that_set_places_without_end_are_refused_before_each_is_compared_with_every_other()
    {
        var places = string.Join(", ", Enumerable.Repeat("\"seed\"", 200_000));
        var reading = Samples.Reading($$"""{ "kind": "grid", "axes": { "seed": { "paths": [{{places}}], "values": [1] } } }""");
        reading.Problems.ShouldHaveSingleItem().ToString().ShouldContain("at most 1000 paths together");
    }

    [Fact]
    public void The_fingerprint_is_of_what_is_asked_for()
    {
        var grid = Samples.Grid(("seed", "seed", "[1, 2]"));
        Plan(Samples.Spec(grid)).Fingerprint.ShouldBe(Plan(Samples.Spec(grid)).Fingerprint);
        Plan(Samples.Spec(grid)).Fingerprint.ShouldNotBe(Plan(Samples.Spec(Samples.Grid(("seed", "seed", "[1, 3]")))).Fingerprint);
        Plan(SweepReader.Read(Samples.Json(grid, change: s => s["$schema"] = "x")).Spec!).Fingerprint.ShouldBe(Plan(Samples.Spec(grid)).Fingerprint);
        Plan(JsonSerializer.Deserialize<SweepSpec>(JsonSerializer.Serialize(Samples.Spec(grid), SpecJson.Options), SpecJson.Options)!).Fingerprint.ShouldBe(Plan(Samples.Spec(grid)).Fingerprint);
    }

    [Fact]
    public void A_table_begins_with_the_best_and_marks_what_is_missing()
    {
        var spec = Samples.Spec(Samples.Grid(("seed", "seed", "[1, 2, 3]")));
        var columns = spec.Base.ResultIds().ToList();
        SweepTableRow Row(int point, int? correct) => new(
            point, SweepPoints.Of(spec.Space)[point].Values, null, null, correct is null ? "failed" : "succeeded", Guid.Empty,
            [.. columns.Select((_, c) => c > 0 || correct is null ? null : ResultRecord.Of("r", 100, correct.Value, null, 1, 1, Aggregation.Votes, 1, 1, "j", "f", new("b", "l", "b", "cpu", 1)))]);
        var table = SweepTable.Of(Guid.Empty, spec, [Row(0, null), Row(1, 40), Row(2, 60)], null);
        table.Rows.Select(row => row.Point).ShouldBe([2, 1, 0]);
        table.SortedBy.ShouldBe(columns[0]);
        var lines = table.Plain().Split('\n');
        lines[0].ShouldContain("SYNTHETIC");
        lines[3].ShouldContain("60.0 [50.2, 69.1]");
        lines[5].ShouldMatch(@"^\s+0\s+1\s+-\s+-");
        table.Markdown().ShouldContain("| 2 | 3 | 60.0 [50.2, 69.1] | - |");
        table.Csv().Split("\r\n")[1].ShouldStartWith("2,3,succeeded,00000000-0000-0000-0000-000000000000,60,");
        Should.Throw<ArgumentException>(() => SweepTable.Of(Guid.Empty, spec, [], "nothing")).Message.ShouldContain($"there are {columns[0]}");
    }
}
