using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Sweeps;

/// <summary>What changes from point to point. An axis has a name, which is its column in the sweep's table, and sets one value at one or several paths of the base.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(GridSpaceSpec), "grid")]
[JsonDerivedType(typeof(RandomSpaceSpec), "random")]
[JsonDerivedType(typeof(ListSpaceSpec), "list")]
public abstract record SpaceSpec
{
    /// <summary>Names and paths of the axes, in the order of the spec.</summary>
    public abstract IEnumerable<SweepAxis> AllAxes();
}

/// <summary>Every combination of the axes' values; the last axis changes fastest.</summary>
public sealed record GridSpaceSpec : SpaceSpec
{
    [Description("The axes, by name.")]
    public required IReadOnlyDictionary<string, GridAxisSpec> Axes { get; init; }

    public override IEnumerable<SweepAxis> AllAxes() => Axes.Select(axis => new SweepAxis(axis.Key, axis.Value.Paths));
}

/// <summary>An axis of a grid.</summary>
public sealed record GridAxisSpec
{
    [Description("Where the value goes in the base, e.g. models.cni.noise.rank, tables[0].title, models['a.b'].noise.")]
    public required IReadOnlyList<string> Paths { get; init; }

    [Description("The values: numbers, texts, or whole objects.")]
    public required IReadOnlyList<JsonElement> Values { get; init; }
}

/// <summary>Points drawn at random. The n-th point depends on the seed, the axis and n alone: a larger count keeps the points there were.</summary>
public sealed record RandomSpaceSpec : SpaceSpec
{
    [Description("Root of the draws.")]
    [Range(0, long.MaxValue)]
    public required long Seed { get; init; }

    [Description("Points.")]
    [Range(1, SweepRules.MostPoints)]
    public required int Count { get; init; }

    [Description("The axes, by name.")]
    public required IReadOnlyDictionary<string, RandomAxisSpec> Axes { get; init; }

    public override IEnumerable<SweepAxis> AllAxes() => Axes.Select(axis => new SweepAxis(axis.Key, axis.Value.Paths));
}

/// <summary>An axis of random points.</summary>
public sealed record RandomAxisSpec
{
    [Description("Where the value goes in the base.")]
    public required IReadOnlyList<string> Paths { get; init; }

    [Description("What is drawn from.")]
    public required DistributionSpec Draw { get; init; }
}

/// <summary>What an axis draws from.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(UniformSpec), "uniform")]
[JsonDerivedType(typeof(LogUniformSpec), "log")]
[JsonDerivedType(typeof(IntegerSpec), "int")]
[JsonDerivedType(typeof(ChoiceSpec), "choice")]
public abstract record DistributionSpec;

/// <summary>Any number of an interval, all alike; six significant digits.</summary>
public sealed record UniformSpec : DistributionSpec
{
    public required double From { get; init; }
    public required double To { get; init; }
}

/// <summary>A number whose logarithm is uniform; six significant digits.</summary>
public sealed record LogUniformSpec : DistributionSpec
{
    [Range(0, double.MaxValue, ExclusiveMinimum = true)]
    public required double From { get; init; }

    [Range(0, double.MaxValue, ExclusiveMinimum = true)]
    public required double To { get; init; }
}

/// <summary>A whole number, both ends included.</summary>
public sealed record IntegerSpec : DistributionSpec
{
    public required int From { get; init; }
    public required int To { get; init; }
}

/// <summary>One of some values, all alike.</summary>
public sealed record ChoiceSpec : DistributionSpec
{
    [Description("The values: numbers, texts, or whole objects.")]
    public required IReadOnlyList<JsonElement> Values { get; init; }
}

/// <summary>Points that are written down one by one.</summary>
public sealed record ListSpaceSpec : SpaceSpec
{
    [Description("The axes, by name.")]
    public required IReadOnlyDictionary<string, ListAxisSpec> Axes { get; init; }

    [Description("The points: each names a value for every axis.")]
    public required IReadOnlyList<IReadOnlyDictionary<string, JsonElement>> Points { get; init; }

    public override IEnumerable<SweepAxis> AllAxes() => Axes.Select(axis => new SweepAxis(axis.Key, axis.Value.Paths));
}

/// <summary>An axis of a list of points.</summary>
public sealed record ListAxisSpec
{
    [Description("Where the value goes in the base.")]
    public required IReadOnlyList<string> Paths { get; init; }
}

/// <summary>An axis, whatever gives its values.</summary>
/// <param name="Name">Its column in the table.</param>
/// <param name="Paths">Where its value goes.</param>
public sealed record SweepAxis(string Name, IReadOnlyList<string> Paths);
