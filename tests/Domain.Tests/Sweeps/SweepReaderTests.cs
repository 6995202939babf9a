using KdRobust.Domain.Sweeps;
using KdRobust.Support;
using NJsonSchema;

namespace KdRobust.Domain.Tests.Sweeps;

public sealed class SweepReaderTests
{
    const string Rank = "models.cni.noise.rank";
    static readonly string Good = Samples.Grid(("rank", Rank, "[1, 2]"), ("seed", "seed", "[1, 2, 3]"));
    const string Halving = """{ "paths": ["models.cni.weights.epochs", "models.student.weights.epochs"], "rungs": [2, 4, 8], "eta": 2, "by": { "kind": "result", "result": "teacher-clean" }, "goal": "maximize" }""";

    static IEnumerable<string> Paths(SweepReading reading) => reading.Problems.Select(problem => problem.Path);

    [Fact]
    public void The_base_is_checked_under_its_place_in_the_sweep() =>
        Paths(Samples.Reading(Good, change: s => s["base"]!["models"]!["cni"]!["weights"]!["epochs"] = "many")).ShouldBe(["$.base.models.cni.weights.epochs"]);

    [Fact]
    public void Every_problem_of_the_axes_is_reported_at_once()
    {
        var space = """
            { "kind": "grid", "axes": {
                "a": { "paths": ["models.cni.noise.rnk"], "values": [1] },
                "b": { "paths": ["models..x", "tables[9].title"], "values": [] },
                "c": { "paths": ["models.cni.noise"], "values": [1] },
                "d": { "paths": ["$.models.cni.noise.rank"], "values": [1] },
                "e": { "paths": [], "values": [1] } } }
            """;
        var problems = Samples.Reading(space).Problems;
        problems.Select(problem => problem.Path).ShouldBe(
            ["$.space.axes.a.paths[0]", "$.space.axes.b.paths[0]", "$.space.axes.b.paths[1]", "$.space.axes.d.paths[0]", "$.space.axes.e.paths", "$.space.axes.b.values"]);
        problems[0].ToString().ShouldContain("did you mean 'rank'?");
        problems[2].Expected.ShouldContain("entries, counted from 0");
        problems[3].Message.ShouldContain("$.space.axes.c.paths[0]");
    }

    [Fact]
    public void Bounds_are_told_by_what_is_too_much()
    {
        var hundred = "[" + string.Join(", ", Enumerable.Range(1, 101)) + "]";
        Samples.Reading(Samples.Grid(("a", "seed", hundred), ("b", Rank, hundred))).Problems.ShouldHaveSingleItem().ToString().ShouldContain("got 101 x 101; expected at most 10000 points");
        Paths(Samples.Reading("""{ "kind": "random", "seed": 1, "count": 10001, "axes": { "a": { "paths": ["seed"], "draw": { "kind": "int", "from": 1, "to": 9 } } } }""")).ShouldBe(["$.space.count"]);
        Paths(Samples.Reading("""{ "kind": "random", "seed": 1, "count": 2, "axes": { "a": { "paths": ["seed"], "draw": { "kind": "int", "from": 9, "to": 9 } } } }""")).ShouldBe(["$.space.axes.a.draw.to"]);
        Paths(Samples.Reading("""{ "kind": "random", "seed": 1, "count": 2, "axes": { "a": { "paths": ["seed"], "draw": { "kind": "log", "from": 0, "to": 9 } } } }""")).ShouldBe(["$.space.axes.a.draw.from"]);
        Paths(Samples.Reading("""{ "kind": "grid", "axes": {} }""")).ShouldBe(["$.space.axes"]);
        Paths(Samples.Reading("""{ "kind": "list", "axes": { "a": { "paths": ["seed"] } }, "points": [] }""")).ShouldBe(["$.space.points"]);
    }

    [Fact]
    public void Every_point_of_a_list_names_every_axis_and_no_other() =>
        Paths(Samples.Reading($$"""{ "kind": "list", "axes": { "a": { "paths": ["seed"] }, "b": { "paths": ["{{Rank}}"] } }, "points": [{ "a": 1, "b": 2 }, { "a": 1, "c": 2 }] }"""))
            .ShouldBe(["$.space.points[1].c", "$.space.points[1].b"]);

    [Fact]
    public void A_halving_names_what_it_compares_and_sets_nothing_twice()
    {
        Samples.Reading(Good, Halving).Problems.ShouldBeEmpty();
        var wrong = Halving.Replace("teacher-clean", "teacher-claen", StringComparison.Ordinal).Replace("[2, 4, 8]", "[2, 2]", StringComparison.Ordinal).Replace("models.student.weights.epochs", "seed", StringComparison.Ordinal);
        Paths(Samples.Reading(Good, wrong)).ShouldBe(["$.halving.paths[1]", "$.halving.rungs", "$.halving.by.result"]);
        var metric = Halving.Replace("""{ "kind": "result", "result": "teacher-clean" }""", """{ "kind": "metric", "model": "nobody", "series": "monitor/clean" }""", StringComparison.Ordinal);
        Paths(Samples.Reading(Good, metric)).ShouldBe(["$.halving.by.model"]);
    }

    [Fact]
    public void What_points_do_wrong_is_told_once_with_the_first_of_them()
    {
        var spec = Samples.Spec(Samples.Grid(("seed", "seed", "[1, 2]"), ("rank", Rank, "[2, -1, \"x\"]")));
        var (plan, problems) = SweepPlan.Of(spec);
        plan.ShouldBeNull();
        problems.Count.ShouldBe(2);
        problems.ShouldAllBe(problem => problem.Path == "$.base.models.cni.noise.rank");
        problems[0].Message.ShouldContain("at point 1 (seed=1, rank=-1) and 1 more");
        problems[1].Got.ShouldBe("\"x\"");
    }

    [Fact]
    public void Rungs_that_the_base_does_not_allow_are_refused_before_anything_runs()
    {
        var (plan, problems) = SweepPlan.Of(Samples.Spec(Good, Halving.Replace("[2, 4, 8]", "[1, 4]", StringComparison.Ordinal)));
        plan.ShouldBeNull();
        problems.Select(problem => problem.Path).ShouldBe(["$.base.models.cni.weights.adversarial.fromEpoch", "$.base.models.student.weights.adversarial.fromEpoch"]);
        SweepPlan.Of(Samples.Spec(Good, Halving.Replace("[2, 4, 8]", "[2, 200000]", StringComparison.Ordinal))).Problems.ShouldAllBe(problem => problem.Path.EndsWith(".epochs", StringComparison.Ordinal));
    }

    [Fact]
    public void The_committed_schema_is_the_one_the_reader_checks_against() =>
        // To renew it: ./kdr schema --sweep > experiments/sweeps/sweep.schema.json
        File.ReadAllText(Repository.At("experiments", "sweeps", "sweep.schema.json")).ShouldBe(SweepReader.Schema());

    [Fact]
    public async Task Every_sweep_of_the_repository_is_valid_and_can_be_planned()
    {
        var schema = await JsonSchema.FromJsonAsync(SweepReader.Schema());
        var files = Directory.GetFiles(Repository.At("experiments", "sweeps"), "*.json").Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal)).ToList();
        files.Count.ShouldBeGreaterThanOrEqualTo(2);
        foreach (var file in files)
        {
            var text = await File.ReadAllTextAsync(file);
            var reading = SweepReader.Read(text);
            reading.Problems.ShouldBeEmpty(file);
            SweepPlan.Of(reading.Spec!).Problems.ShouldBeEmpty(file);
            schema.Validate(text).ShouldBeEmpty(file);
        }
    }
}
