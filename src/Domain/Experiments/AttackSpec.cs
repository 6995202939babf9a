using System.ComponentModel;

namespace KdRobust.Domain.Experiments;

/// <summary>
/// Projected gradient descent in the L-infinity ball (Madry et al. 2018), in pixel units, one noise draw a step.
/// eps = 0 is the clean accuracy.
/// </summary>
public sealed record AttackSpec
{
    [Description("Radius of the ball in pixel units, e.g. \"8/255\".")]
    [Range(0, 1)]
    public required Fraction Epsilon { get; init; }

    [Description("Step of one iteration in pixel units.")]
    [Range(0, 1)]
    public required Fraction StepSize { get; init; }

    [Description("Iterations k.")]
    [Range(1, 10_000)]
    public required int Steps { get; init; }

    [Description("Independent runs; with more than one, an image counts with its worst.")]
    [Range(1, 100)]
    public required int Restarts { get; init; }

    [Description("Start uniformly inside the ball instead of at the clean image.")]
    public required bool RandomStart { get; init; }

    [Description("What is maximised.")]
    public required AttackLoss Loss { get; init; }

    [Description("'last' iterate, or the 'best': lowest mean margin over fresh selecting draws.")]
    public required KeepIterate Keep { get; init; }
}

/// <summary>The objective of an attack: cross-entropy; CW margin (Carlini and Wagner 2017); difference-of-logits ratio (Croce and Hein 2020); KL to the clean prediction (TRADES).</summary>
public enum AttackLoss { CrossEntropy, Margin, Dlr, Kl }

/// <summary>Which iterate an attack returns.</summary>
public enum KeepIterate { Last, Best }
