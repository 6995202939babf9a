using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>
/// The one loss of all trainings: two brackets with a share each,
/// L = s [(1-w) CE(z(x),y) + w T^2 D(h, z(x))] + s' [(1-w') CE(z(x'),y) + w' T^2 D(h', z(x'))].
/// The readings of the paper's sentence on the two weights (method R1 to R4) differ in the shares and in h' alone:
/// <list type="bullet">
/// <item>R1, as coded: s = 1-a, s' = a, h' = h(x);</item>
/// <item>R2, teacher on adversarial: s = 1-a, s' = a, h' = h(x');</item>
/// <item>R3, unscaled: s = s' = 1, h' = h(x);</item>
/// <item>R4, part weights: s and s' are the paper's two weights, w = w' = v, h' = h(x).</item>
/// </list>
/// Clean, adversarial and distilled trainings are special cases. Before the adversarial part begins the loss is the clean
/// bracket alone: a = 0, s = 1, s' = 0 in every reading.
/// </summary>
/// <param name="AdversarialWeight">a.</param>
/// <param name="DistilWeight">w.</param>
/// <param name="PerturbDistilWeight">w'.</param>
/// <param name="Temperature">T.</param>
/// <param name="Variant">D.</param>
internal sealed record TrainingLoss(double AdversarialWeight, double DistilWeight, double PerturbDistilWeight, double Temperature, DistillationVariant Variant)
{
    /// <summary>s, the share of the clean bracket.</summary>
    public double CleanShare { get; init; } = 1 - AdversarialWeight;

    /// <summary>s', the share of the adversarial bracket.</summary>
    public double PerturbedShare { get; init; } = AdversarialWeight;

    /// <summary>True when the teacher is asked about x' as well: h' = h(x').</summary>
    public bool TeacherOnPerturbed { get; init; }

    /// <summary>The loss of an epoch.</summary>
    /// <param name="spec">The training.</param>
    /// <param name="epoch">Counted from 0.</param>
    public static TrainingLoss Of(TrainingSpec spec, int epoch)
    {
        var begun = spec.Adversarial is { } adversarial && epoch >= adversarial.FromEpoch;
        var a = begun ? spec.Adversarial!.Weight : 0;
        if (spec.Distillation is not { } distillation) return new TrainingLoss(a, 0, 0, 1, DistillationVariant.Correct);
        var coded = new TrainingLoss(a, distillation.Weight, distillation.AdversarialWeight, distillation.Temperature, distillation.Variant);
        return distillation.Reading switch
        {
            AsCodedReadingSpec => coded,
            TeacherOnAdversarialReadingSpec => coded with { TeacherOnPerturbed = true },
            UnscaledReadingSpec => coded with { CleanShare = 1, PerturbedShare = begun ? 1 : 0 },
            PartWeightsReadingSpec parts => coded with
            {
                CleanShare = begun ? distillation.Weight : 1,
                PerturbedShare = begun ? distillation.AdversarialWeight : 0,
                DistilWeight = parts.DistilWeight,
                PerturbDistilWeight = parts.DistilWeight,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(spec), distillation.Reading.GetType().Name, "no loss of this reading"),
        };
    }

    /// <summary>True when x' is needed.</summary>
    public bool NeedsPerturbed => PerturbedShare > 0;

    /// <summary>True when z(x) counts.</summary>
    public bool NeedsClean => CleanShare > 0;

    /// <summary>The clean bracket times s; a scalar to call backward on.</summary>
    /// <param name="logits">z(x) [N, K].</param>
    /// <param name="labels">y [N] int64.</param>
    /// <param name="teacher">h [N, K], or null without distillation.</param>
    public LossPart Clean(Tensor logits, Tensor labels, Tensor? teacher) => Part(CleanShare, DistilWeight, logits, labels, teacher);

    /// <summary>The adversarial bracket times s'.</summary>
    /// <param name="logits">z(x') [N, K].</param>
    /// <param name="labels">y [N] int64.</param>
    /// <param name="teacher">h' [N, K], or null without distillation.</param>
    public LossPart Perturbed(Tensor logits, Tensor labels, Tensor? teacher) => Part(PerturbedShare, PerturbDistilWeight, logits, labels, teacher);

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
