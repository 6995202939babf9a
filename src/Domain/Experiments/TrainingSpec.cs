using System.ComponentModel;

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

    [Description("Images an optimizer step; the last step of an epoch takes what is left.")]
    [Range(1, 65_536)]
    public required int BatchSize { get; init; }

    [Description("Images of one forward and backward pass; gradients of a step's passes are added up. The result is that of one pass, but for batch norm's statistics, which are each pass's own.")]
    [Range(1, 65_536)]
    public required int MicroBatch { get; init; }

    public required AugmentationSpec Augmentation { get; init; }

    [Description("Gaussian noise added to every training image, or null.")]
    public required InputNoiseSpec? InputNoise { get; init; }

    [Description("'training' uses and updates the batch's statistics; 'evaluation' always the running ones; 'left-in-evaluation' as the paper's public code does: training mode until the first attack or monitor has switched to evaluation, and evaluation ever after.")]
    public required BatchNormMode BatchNorm { get; init; }

    public required OptimizerSpec Optimizer { get; init; }

    public required ScheduleSpec Schedule { get; init; }

    [Description("Linear rise of the learning rate before the schedule takes over, or null.")]
    public required WarmupSpec? Warmup { get; init; }

    [Description("Largest L2 norm of the whole gradient; a longer one is scaled down. Null clips nothing.")]
    [Range(0, 1e9, ExclusiveMinimum = true)]
    public required double? ClipNorm { get; init; }

    [Description("Moving average of the weights kept beside them, or null.")]
    public required AverageSpec? Average { get; init; }

    [Description("The adversarial part of the loss, or null.")]
    public required AdversarialSpec? Adversarial { get; init; }

    [Description("The distillation part of the loss, or null.")]
    public required DistillationSpec? Distillation { get; init; }

    [Description("What is measured on test images while training, for the curves over epochs; nothing is selected by it. Null measures nothing.")]
    public required MonitorSpec? Monitor { get; init; }

    [Description("By what the 'best' weights are chosen; null chooses none.")]
    public required SelectionSpec? Selection { get; init; }
}

/// <summary>Whose statistics batch norm uses in training.</summary>
public enum BatchNormMode { Training, Evaluation, LeftInEvaluation }

/// <summary>Random crop and flip, drawn per epoch and image.</summary>
public sealed record AugmentationSpec
{
    [Description("Zero padding of the random 32x32 crop; 0 crops nothing.")]
    [Range(0, 16)]
    public required int CropPadding { get; init; }

    [Description("Horizontal flip with probability one half.")]
    public required bool Flip { get; init; }
}

/// <summary>An exponential moving average of the weights, after every step; batch norm's running statistics are copied.</summary>
public sealed record AverageSpec
{
    [Description("Share of the old average kept at a step, e.g. 0.999.")]
    [Range(0, 0.999999)]
    public required double Decay { get; init; }
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

    [Description("How the images are perturbed. The attack sees the network in evaluation mode; the mode is restored after it, unless batchNorm is left-in-evaluation.")]
    public required AttackSpec Attack { get; init; }
}

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

/// <summary>Which epoch's weights are the best. The last ones are kept beside them, and both can be asked.</summary>
public sealed record SelectionSpec
{
    [Description("'held-out': the last n of the training images, which are then not trained on; or 'test': the first n test images, as the paper's public code does, which makes the test accuracy too high.")]
    public required SelectionSet From { get; init; }

    [Description("Images n.")]
    [Range(1, 50_000)]
    public required int Images { get; init; }

    [Description("Every n-th epoch, and the last.")]
    [Range(1, 100_000)]
    public required int Every { get; init; }

    [Description("The attack whose accuracy decides, or null for clean accuracy. The average decides where there is one. Of equal epochs the later stays.")]
    public required AttackSpec? Attack { get; init; }
}

/// <summary>Where selecting images come from.</summary>
public enum SelectionSet { HeldOut, Test }
