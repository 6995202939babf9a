using System.ComponentModel;

namespace KdRobust.Domain.Experiments;

/// <summary>A way to ask a model: its weights, noise on the input, how draws are aggregated, and how many.</summary>
public sealed record ViewSpec
{
    [Description("Name of the model.")]
    public required string Model { get; init; }

    [Description("Standard deviation of Gaussian noise on the input in pixel units, before normalisation, not clamped; 0 is none.")]
    [Range(0, 10)]
    public required double InputSigma { get; init; }

    [Description("'votes' (prediction smoothing: share of draws whose arg max is c) or 'mean-probability' (soft prediction smoothing: mean softmax). Ties go to the lowest class.")]
    public required Aggregation Aggregation { get; init; }

    [Description("Draws M. 1 for a deterministic view.")]
    [Range(1, 1_000_000)]
    public required int Draws { get; init; }
}

/// <summary>How M draws become one answer.</summary>
public enum Aggregation { Votes, MeanProbability }

/// <summary>Clean accuracy of a view.</summary>
public sealed record EvaluationSpec
{
    [Description("Name of the view.")]
    public required string View { get; init; }

    [Description("The first n test images.")]
    [Range(1, 10_000)]
    public required int Images { get; init; }
}

/// <summary>An attack crafted on one view and judged on others.</summary>
public sealed record TransferSpec
{
    [Description("The view the attack is crafted on. Crafting uses single draws of it, whatever its M.")]
    public required string Attacker { get; init; }

    public required AttackSpec Attack { get; init; }

    [Description("The views that are asked about the perturbed images, with fresh draws. May be empty when only the attacker's own curve over k is wanted.")]
    public required IReadOnlyList<string> Targets { get; init; }

    [Description("The first n test images.")]
    [Range(1, 10_000)]
    public required int Images { get; init; }
}
