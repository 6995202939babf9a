using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>A gradient attack inside a ball around the image and inside [0,1]. eps = 0 is the clean accuracy.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(PgdSpec), "pgd")]
[JsonDerivedType(typeof(FgsmSpec), "fgsm")]
public abstract record AttackSpec
{
    [Description("The norm of the ball: 'linf' or 'l2', both in pixel units (l2 over all 3072 values).")]
    public required AttackNorm Norm { get; init; }

    [Description("Radius of the ball, e.g. \"8/255\" for linf or 0.5 for l2.")]
    [Range(0, 100)]
    public required Fraction Epsilon { get; init; }

    [Description("What is maximised.")]
    public required AttackLoss Loss { get; init; }

    [Description("'none' raises the loss of the true class; 'next', 'random' and 'least-likely' lower the loss of another class (the class after it, one drawn per image, the one that the clean answer gives least).")]
    public required AttackTarget Target { get; init; }

    [Description("Expectation over transformation: several noise draws a gradient; null is one draw.")]
    public required ExpectationSpec? Expectation { get; init; }
}

/// <summary>Projected gradient descent (Madry et al. 2018).</summary>
public sealed record PgdSpec : AttackSpec
{
    [Description("Step of one iteration in the units of epsilon.")]
    [Range(0, 100)]
    public required Fraction StepSize { get; init; }

    [Description("Iterations k.")]
    [Range(1, 10_000)]
    public required int Steps { get; init; }

    [Description("Independent runs; with more than one, an image counts with its worst.")]
    [Range(1, 100)]
    public required int Restarts { get; init; }

    [Description("Start uniformly inside the ball instead of at the clean image.")]
    public required bool RandomStart { get; init; }

    [Description("'fresh' gradients, or 'accumulated': each step follows the sum of all gradients so far, as SIAM's public code does.")]
    public required StepGradient Gradient { get; init; }

    [Description("'last' iterate; the 'best': lowest mean margin over fresh selecting draws; or 'frozen': an image stops at the first iterate that errs under its one crafting draw, and else ends with the iterate of the smallest probability of its class, as the paper's public code does.")]
    public required KeepIterate Keep { get; init; }

    [Description("Draws that compare iterates and restarts ('best'); a deterministic network needs one.")]
    [Range(1, 10_000)]
    public required int SelectingDraws { get; init; }
}

/// <summary>The fast gradient sign method (Goodfellow et al. 2015): one step of the whole radius from the clean image.</summary>
public sealed record FgsmSpec : AttackSpec;

/// <summary>How several draws make one gradient (Athalye et al. 2018).</summary>
public sealed record ExpectationSpec
{
    [Description("Draws n of one gradient.")]
    [Range(1, 10_000)]
    public required int Draws { get; init; }

    [Description("What is averaged: 'mean-loss' (EPGD of Nemcovsky et al.), or the loss of the 'mean-probability' or the 'mean-logit'.")]
    public required ExpectationOf Of { get; init; }
}

/// <summary>The shape of an attack's ball.</summary>
public enum AttackNorm { Linf, L2 }

/// <summary>
/// The objective of an attack: cross-entropy; CW margin (Carlini and Wagner 2017); difference-of-logits ratio (Croce and Hein 2020);
/// KL to the clean prediction (TRADES); distance from the teacher's answer, in distilled training alone.
/// </summary>
public enum AttackLoss { CrossEntropy, Margin, Dlr, Kl, Distillation }

/// <summary>Which class a targeted attack aims at.</summary>
public enum AttackTarget { None, Next, Random, LeastLikely }

/// <summary>What several draws of one gradient are averaged in.</summary>
public enum ExpectationOf { MeanLoss, MeanProbability, MeanLogit }

/// <summary>What a step follows.</summary>
public enum StepGradient { Fresh, Accumulated }

/// <summary>Which iterate an attack returns.</summary>
public enum KeepIterate { Last, Best, Frozen }
