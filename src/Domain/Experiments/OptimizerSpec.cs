using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>The optimizer of weights.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AdamSpec), "adam")]
[JsonDerivedType(typeof(AdamWSpec), "adamw")]
[JsonDerivedType(typeof(SgdSpec), "sgd")]
public abstract record OptimizerSpec
{
    [Description("The base learning rate; a one-cycle schedule peaks at it.")]
    [Range(0, 100, ExclusiveMinimum = true)]
    public required double LearningRate { get; init; }

    [Description("Decay: added to the gradient (L2) by adam and sgd, taken off the weights themselves by adamw.")]
    [Range(0, 1)]
    public required double WeightDecay { get; init; }
}

/// <summary>Adam (Kingma and Ba 2015) with L2 decay.</summary>
public sealed record AdamSpec : OptimizerSpec
{
    [Range(0, 0.999999)]
    public required double Beta1 { get; init; }

    [Range(0, 0.99999999)]
    public required double Beta2 { get; init; }

    [Range(0, 1, ExclusiveMinimum = true)]
    public required double Epsilon { get; init; }
}

/// <summary>Adam with decoupled decay (Loshchilov and Hutter 2019).</summary>
public sealed record AdamWSpec : OptimizerSpec
{
    [Range(0, 0.999999)]
    public required double Beta1 { get; init; }

    [Range(0, 0.99999999)]
    public required double Beta2 { get; init; }

    [Range(0, 1, ExclusiveMinimum = true)]
    public required double Epsilon { get; init; }
}

/// <summary>Stochastic gradient descent.</summary>
public sealed record SgdSpec : OptimizerSpec
{
    [Range(0, 0.999999)]
    public required double Momentum { get; init; }

    public required bool Nesterov { get; init; }
}

/// <summary>The learning rate over time.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(ConstantScheduleSpec), "constant")]
[JsonDerivedType(typeof(StepScheduleSpec), "step")]
[JsonDerivedType(typeof(MultiStepScheduleSpec), "multi-step")]
[JsonDerivedType(typeof(CosineScheduleSpec), "cosine")]
[JsonDerivedType(typeof(OneCycleScheduleSpec), "one-cycle")]
public abstract record ScheduleSpec;

/// <summary>The base rate throughout.</summary>
public sealed record ConstantScheduleSpec : ScheduleSpec;

/// <summary>Multiplied by gamma every so many epochs.</summary>
public sealed record StepScheduleSpec : ScheduleSpec
{
    [Range(1, 100_000)]
    public required int Every { get; init; }

    [Range(0, 1, ExclusiveMinimum = true)]
    public required double Gamma { get; init; }
}

/// <summary>Multiplied by gamma at each milestone epoch.</summary>
public sealed record MultiStepScheduleSpec : ScheduleSpec
{
    [Description("Epochs, ascending; one that lies at or beyond the last epoch never comes, as in the paper's public code.")]
    public required IReadOnlyList<int> Milestones { get; init; }

    [Range(0, 1, ExclusiveMinimum = true)]
    public required double Gamma { get; init; }
}

/// <summary>Half a cosine from the base rate down, over all steps after a warm-up (Loshchilov and Hutter 2017, without restarts).</summary>
public sealed record CosineScheduleSpec : ScheduleSpec
{
    [Description("End rate as a share of the base rate.")]
    [Range(0, 1)]
    public required double EndFactor { get; init; }
}

/// <summary>One cosine cycle over all steps (Smith and Topin 2019, PyTorch's OneCycleLR), beta1 or momentum left as it is.</summary>
public sealed record OneCycleScheduleSpec : ScheduleSpec
{
    [Description("Fraction of all steps spent rising.")]
    [Range(0, 1, ExclusiveMinimum = true)]
    public required double RiseFraction { get; init; }

    [Description("Start rate = base rate / this.")]
    [Range(1, 1e6)]
    public required double StartDivisor { get; init; }

    [Description("End rate = start rate / this.")]
    [Range(1, 1e9)]
    public required double EndDivisor { get; init; }
}

/// <summary>A linear rise from startFactor times the base rate to the base rate, step by step; milestones and steps count epochs from the start of training.</summary>
public sealed record WarmupSpec
{
    [Range(1, 100_000)]
    public required int Epochs { get; init; }

    [Range(0, 1)]
    public required double StartFactor { get; init; }
}
