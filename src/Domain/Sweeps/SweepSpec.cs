using System.ComponentModel;
using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>
/// One experiment, many times: a whole spec and what changes in it. Every point is an ordinary experiment, equal to the one that
/// its spec would make if it were sent alone.
/// </summary>
[Description("One sweep of KdRobust: a base experiment, the fields that change, and the points to compute.")]
public sealed record SweepSpec
{
    [JsonPropertyName("$schema")]
    [Description("Where an editor finds this schema; read by nothing else.")]
    public string? Schema { get; init; }

    [Description("Short name: lower-case letters, digits, '-', '.' and '/'.")]
    [Pattern("^[a-z0-9][a-z0-9./-]{0,99}$")]
    public required string Name { get; init; }

    [Description("What the sweep shows, in one line.")]
    public required string Title { get; init; }

    [Description("The experiment of every point, before the point's values are put in.")]
    public required ExperimentSpec Base { get; init; }

    [Description("What changes, and which points there are.")]
    public required SpaceSpec Space { get; init; }

    [Description("Train all points for few epochs and only the best for more; null trains every point as the base says.")]
    public required HalvingSpec? Halving { get; init; }
}

/// <summary>Successive halving: after each rung the best 1/eta of the points go on to the next, with more epochs.</summary>
public sealed record HalvingSpec
{
    [Description("Where the number of epochs stands in the base, e.g. models.net.weights.epochs; all are set to the rung's epochs.")]
    public required IReadOnlyList<string> Paths { get; init; }

    [Description("Epochs of each rung, rising.")]
    public required IReadOnlyList<int> Rungs { get; init; }

    [Description("Of n points of a rung, n/eta (rounded down, at least 1) reach the next.")]
    [Range(2, 100)]
    public required int Eta { get; init; }

    [Description("The number by which points are compared.")]
    public required ScoreSpec By { get; init; }

    [Description("Whether a large or a small number is good.")]
    public required ScoreGoal Goal { get; init; }
}

/// <summary>Which end of a score is good.</summary>
public enum ScoreGoal { Maximize, Minimize }

/// <summary>The number by which points are compared.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ResultScoreSpec), "result")]
[JsonDerivedType(typeof(MetricScoreSpec), "metric")]
public abstract record ScoreSpec;

/// <summary>An accuracy of the experiment.</summary>
public sealed record ResultScoreSpec : ScoreSpec
{
    [Description("Result id, e.g. clean, or attack/target.")]
    public required string Result { get; init; }
}

/// <summary>What a training recorded at its last epoch.</summary>
public sealed record MetricScoreSpec : ScoreSpec
{
    [Description("Name of the model that is trained.")]
    public required string Model { get; init; }

    [Description("Name of the series, e.g. monitor/clean or train/loss; its value at the latest epoch counts.")]
    public required string Series { get; init; }
}
