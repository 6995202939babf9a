using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Persistence.Tests.Arrange;

/// <summary>Sweeps over the small experiments of <see cref="Specs"/>.</summary>
public static class SweepSpecs
{
    /// <summary>One training a point, told apart by its learning rate.</summary>
    public static SweepSpec Rates(long seed, params double[] rates) => new()
    {
        Name = "rates", Title = "rates", Base = Specs.OneJob(seed), Halving = null,
        Space = Axis("models.cni.weights.optimizer.learningRate", [.. rates.Select(rate => JsonSerializer.SerializeToElement(rate))]),
    };

    /// <summary>Four jobs a point: teacher and labels in common, a student and an attack of each point's own.</summary>
    public static SweepSpec Students(long seed, params double[] weights) => new()
    {
        Name = "students", Title = "students", Base = Specs.Diamond(seed), Halving = null,
        Space = Axis("models.kd-votes.weights.distillation.weight", [.. weights.Select(weight => JsonSerializer.SerializeToElement(weight))]),
    };

    /// <summary>A training and an evaluation a point, halved by the evaluation.</summary>
    public static SweepSpec Halved(long seed, int points, int eta = 2, int[]? rungs = null, ScoreSpec? by = null, ScoreGoal goal = ScoreGoal.Maximize)
    {
        var one = Specs.Diamond(seed, "halved");
        return new()
        {
            Name = "halved", Title = "halved",
            Base = one with
            {
                Models = one.Models.Where(entry => entry.Key == "cni").ToDictionary(), Views = one.Views.Where(entry => entry.Key == "cni").ToDictionary(),
                Transfers = new Dictionary<string, TransferSpec>(), Evaluations = new Dictionary<string, EvaluationSpec> { ["clean"] = new() { View = "cni", Images = 100 } },
            },
            Space = Axis("models.cni.weights.optimizer.learningRate", [.. Enumerable.Range(1, points).Select(n => JsonSerializer.SerializeToElement(n * 0.001))]),
            Halving = new HalvingSpec { Paths = ["models.cni.weights.epochs"], Rungs = rungs ?? [9, 18, 36], Eta = eta, By = by ?? new ResultScoreSpec { Result = "clean" }, Goal = goal },
        };
    }

    public static SweepPlan Plan(SweepSpec spec)
    {
        SweepRules.Check(spec).ShouldBeEmpty();
        var (plan, problems) = SweepPlan.Of(spec);
        problems.ShouldBeEmpty();
        return plan!;
    }

    static GridSpaceSpec Axis(string path, IReadOnlyList<JsonElement> values) =>
        new() { Axes = new Dictionary<string, GridAxisSpec> { ["x"] = new() { Paths = [path], Values = values } } };
}
