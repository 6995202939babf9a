using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>
/// The one loss of all trainings,
/// L = (1-a) [(1-w) CE(z(x),y) + w T^2 D(h, z(x))] + a [(1-w') CE(z(x'),y) + w' T^2 D(h, z(x'))],
/// with h always the teacher's answer on the clean image (method R1). Clean, adversarial and distilled trainings are its
/// special cases.
/// </summary>
/// <param name="AdversarialWeight">a.</param>
/// <param name="DistilWeight">w.</param>
/// <param name="PerturbDistilWeight">w'.</param>
/// <param name="Temperature">T.</param>
/// <param name="Variant">D.</param>
internal sealed record TrainingLoss(double AdversarialWeight, double DistilWeight, double PerturbDistilWeight, double Temperature, DistillationVariant Variant)
{
    /// <summary>The loss of an epoch: a is 0 before the adversarial part begins.</summary>
    /// <param name="spec">The training.</param>
    /// <param name="epoch">Counted from 0.</param>
    public static TrainingLoss Of(TrainingSpec spec, int epoch) => new(
        spec.Adversarial is { } adversarial && epoch >= adversarial.FromEpoch ? adversarial.Weight : 0,
        spec.Distillation?.Weight ?? 0,
        spec.Distillation?.AdversarialWeight ?? 0,
        spec.Distillation?.Temperature ?? 1,
        spec.Distillation?.Variant ?? DistillationVariant.Correct);

    /// <summary>True when x' is needed.</summary>
    public bool NeedsPerturbed => AdversarialWeight > 0;

    /// <summary>True when z(x) counts.</summary>
    public bool NeedsClean => AdversarialWeight < 1;

    /// <summary>The clean bracket times (1-a); a scalar to call backward on.</summary>
    /// <param name="logits">z(x) [N, K].</param>
    /// <param name="labels">y [N] int64.</param>
    /// <param name="teacher">h [N, K], or null without distillation.</param>
    public LossPart Clean(Tensor logits, Tensor labels, Tensor? teacher) => Part(1 - AdversarialWeight, DistilWeight, logits, labels, teacher);

    /// <summary>The adversarial bracket times a.</summary>
    /// <param name="logits">z(x') [N, K].</param>
    /// <param name="labels">y [N] int64.</param>
    /// <param name="teacher">h [N, K] of the clean images, or null without distillation.</param>
    public LossPart Perturbed(Tensor logits, Tensor labels, Tensor? teacher) => Part(AdversarialWeight, PerturbDistilWeight, logits, labels, teacher);

    LossPart Part(double share, double distil, Tensor logits, Tensor labels, Tensor? teacher)
    {
        using var scope = NewDisposeScope();
        var crossEntropy = nn.functional.cross_entropy(logits, labels);
        Tensor? distance = null;
        var total = crossEntropy;
        if (distil > 0)
        {
            if (teacher is null) throw new ArgumentNullException(nameof(teacher), "this training distils: every image needs its teacher's label");
            distance = DistillationLoss.Distance(Variant, teacher, logits, Temperature);
            total = (1 - distil) * crossEntropy + distil * Temperature * Temperature * distance;
        }
        return new LossPart(
            (share * total).MoveToOuterDisposeScope(),
            crossEntropy.detach().MoveToOuterDisposeScope(),
            distance?.detach().MoveToOuterDisposeScope());
    }
}

/// <summary>One bracket of the loss, and what it is made of.</summary>
/// <param name="Total">Weighted scalar with its graph.</param>
/// <param name="CrossEntropy">CE in nats, without a graph.</param>
/// <param name="Distance">D in nats, without a graph; null without distillation.</param>
internal sealed record LossPart(Tensor Total, Tensor CrossEntropy, Tensor? Distance);
