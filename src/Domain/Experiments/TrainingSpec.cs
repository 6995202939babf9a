using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>
/// One training: clean, adversarial and distilled training are terms of one loss,
/// L = (1-a) [(1-w) CE(z(x),y) + w T^2 D(h, z(x))] + a [(1-w') CE(z(x'),y) + w' T^2 D(h, z(x'))].
/// a is 0 without an adversarial part, w and w' are 0 without a distillation part.
/// </summary>
public sealed record TrainingSpec : WeightsSpec
{
    [Range(1, 100_000)]
    public required int Epochs { get; init; }

    [Description("Images a step; the last step of an epoch takes what is left.")]
    [Range(1, 65_536)]
    public required int BatchSize { get; init; }

    public required AugmentationSpec Augmentation { get; init; }

    [Description("Standard deviation of Gaussian noise added to every training image, in pixel units; 0 is none.")]
    [Range(0, 10)]
    public required double InputSigma { get; init; }

    public required OptimizerSpec Optimizer { get; init; }

    public required ScheduleSpec Schedule { get; init; }

    [Description("The adversarial part of the loss, or null.")]
    public required AdversarialSpec? Adversarial { get; init; }

    [Description("The distillation part of the loss, or null.")]
    public required DistillationSpec? Distillation { get; init; }

    [Description("What is measured on test images while training, for the curves over epochs; nothing is selected by it. Null measures nothing.")]
    public required MonitorSpec? Monitor { get; init; }
}

/// <summary>Random crop and flip, drawn per epoch and image.</summary>
public sealed record AugmentationSpec
{
    [Description("Zero padding of the random 32x32 crop; 0 crops nothing.")]
    [Range(0, 16)]
    public required int CropPadding { get; init; }

    [Description("Horizontal flip with probability one half.")]
    public required bool Flip { get; init; }
}

/// <summary>The optimizer of weights.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AdamSpec), "adam")]
[JsonDerivedType(typeof(SgdSpec), "sgd")]
public abstract record OptimizerSpec
{
    [Description("The base learning rate; a one-cycle schedule peaks at it.")]
    [Range(0, 100, ExclusiveMinimum = true)]
    public required double LearningRate { get; init; }

    [Description("L2 decay added to the gradient.")]
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
    [Description("Epochs, ascending.")]
    public required IReadOnlyList<int> Milestones { get; init; }

    [Range(0, 1, ExclusiveMinimum = true)]
    public required double Gamma { get; init; }
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

/// <summary>Training on perturbed images beside the clean ones.</summary>
public sealed record AdversarialSpec
{
    [Description("The first epoch (counted from 0) that sees perturbed images; before it a = 0.")]
    [Range(0, 100_000)]
    public required int FromEpoch { get; init; }

    [Description("a, the weight of the perturbed part.")]
    [Range(0, 1)]
    public required double Weight { get; init; }

    [Description("How the images are perturbed. The attack sees the network in evaluation mode; the mode is restored after it.")]
    public required AttackSpec Attack { get; init; }
}

/// <summary>Learning from a teacher's smoothed answers.</summary>
public sealed record DistillationSpec
{
    [Description("The view whose answers on the clean, un-augmented training images are the labels h.")]
    public required string Teacher { get; init; }

    [Description("The distance D. 'correct': -sum h log softmax(z/T), h untempered (a vote or a mean probability has no logits).")]
    public required DistillationVariant Variant { get; init; }

    [Description("T.")]
    [Range(0, 1000, ExclusiveMinimum = true)]
    public required double Temperature { get; init; }

    [Description("w, the distil weight of the clean part.")]
    [Range(0, 1)]
    public required double Weight { get; init; }

    [Description("w', the perturb distil weight of the adversarial part.")]
    [Range(0, 1)]
    public required double AdversarialWeight { get; init; }
}

/// <summary>Named readings of the paper's distillation loss.</summary>
public enum DistillationVariant { Correct }

/// <summary>Accuracy on test images at the end of epochs, one draw.</summary>
public sealed record MonitorSpec
{
    [Description("Every n-th epoch, and the last.")]
    [Range(1, 100_000)]
    public required int Every { get; init; }

    [Description("The first n test images.")]
    [Range(1, 10_000)]
    public required int Images { get; init; }

    [Description("The attack of the perturbed curve, or null for the clean curve alone.")]
    public required AttackSpec? Attack { get; init; }
}
