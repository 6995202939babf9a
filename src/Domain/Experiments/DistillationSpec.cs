using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>Learning from a teacher's smoothed answers h.</summary>
public sealed record DistillationSpec
{
    [Description("The view that teaches: its aggregation gives h, votes or mean probabilities.")]
    public required string Teacher { get; init; }

    [Description("About which images the teacher is asked, and when.")]
    public required LabelSourceSpec Labels { get; init; }

    [Description("'image': every image has its own label; 'file-order': the labels of a batch come in the order of the data file while its images are shuffled, as the paper's public code very probably did.")]
    public required LabelOrder Order { get; init; }

    [Description("The distance D. 'correct': -sum h log softmax(z/T); 'kl': the same less h's entropy (same gradient); 'mse-prob': squared distance of softmax(z/T) from h; 'as-coded': -sum softmax(z/T) log softmax(softmax(h/T)), as the paper's public code has it.")]
    public required DistillationVariant Variant { get; init; }

    [Description("T.")]
    [Range(0, 1000, ExclusiveMinimum = true)]
    public required double Temperature { get; init; }

    [Description("Soften h as well: h becomes (h + floor/K)^(1/T), normalised; votes hold exact zeros, hence the floor. Null uses h as it is.")]
    [Range(0, 1, ExclusiveMinimum = true)]
    public required double? TemperFloor { get; init; }

    [Description("w, the distil weight of the clean part.")]
    [Range(0, 1)]
    public required double Weight { get; init; }

    [Description("w', the perturb distil weight of the adversarial part.")]
    [Range(0, 1)]
    public required double AdversarialWeight { get; init; }

    [Description("How the paper's sentence on the two weights is read.")]
    public required LossReadingSpec Reading { get; init; }
}

/// <summary>About which images the teacher is asked, and when.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(CachedLabelsSpec), "cached")]
[JsonDerivedType(typeof(OnlineLabelsSpec), "online")]
public abstract record LabelSourceSpec;

/// <summary>Asked once, before the training, about every training image.</summary>
public sealed record CachedLabelsSpec : LabelSourceSpec
{
    [Description("0 asks about the un-augmented images; n > 0 about n fixed augmentations of each, of which the training draws one per epoch and image and sees that view itself.")]
    [Range(0, 64)]
    public required int Views { get; init; }
}

/// <summary>Asked in every step about just the images of the step, with fresh draws.</summary>
public sealed record OnlineLabelsSpec : LabelSourceSpec
{
    [Description("Draws of an answer, in place of the view's.")]
    [Range(1, 10_000)]
    public required int Draws { get; init; }
}

/// <summary>How the two distil weights enter the loss.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(AsCodedReadingSpec), "as-coded")]
[JsonDerivedType(typeof(TeacherOnAdversarialReadingSpec), "teacher-on-adversarial")]
[JsonDerivedType(typeof(UnscaledReadingSpec), "unscaled")]
[JsonDerivedType(typeof(PartWeightsReadingSpec), "part-weights")]
public abstract record LossReadingSpec;

/// <summary>R1: L = (1-a) [(1-w) CE(x) + w T^2 D(h(x), x)] + a [(1-w') CE(x') + w' T^2 D(h(x), x')].</summary>
public sealed record AsCodedReadingSpec : LossReadingSpec;

/// <summary>R2: as R1, but the teacher is asked about x' for the adversarial part: D(h(x'), x'). Needs online labels.</summary>
public sealed record TeacherOnAdversarialReadingSpec : LossReadingSpec;

/// <summary>R3: as R1 without the factors (1-a) and a.</summary>
public sealed record UnscaledReadingSpec : LossReadingSpec;

/// <summary>R4: w and w' weigh the two parts: L = w L(x) + w' L(x') with L(.) = (1-v) CE + v T^2 D.</summary>
public sealed record PartWeightsReadingSpec : LossReadingSpec
{
    [Description("v, the distil weight inside both parts.")]
    [Range(0, 1)]
    public required double DistilWeight { get; init; }
}

/// <summary>Named readings of the distance D.</summary>
public enum DistillationVariant { Correct, Kl, MseProb, AsCoded }

/// <summary>Which label an image of a batch gets.</summary>
public enum LabelOrder { Image, FileOrder }
