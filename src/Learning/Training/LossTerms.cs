using KdRobust.Domain.Experiments;

namespace KdRobust.Learning.Training;

/// <summary>The series of the loss's terms, each the unweighted mean of an epoch in nats; recorded where there is more than one.</summary>
internal static class LossTerms
{
    const string Clean = "train/loss/clean";
    const string Adversarial = "train/loss/adversarial";
    const string CleanDistillation = "train/loss/clean-distillation";
    const string AdversarialDistillation = "train/loss/adversarial-distillation";

    /// <summary>The terms a training of <paramref name="spec"/> has in <paramref name="epoch"/>; none when the loss is one term.</summary>
    public static IReadOnlyList<(EpochSum Term, string Series)> Of(TrainingSpec spec, int epoch)
    {
        var loss = Distillation.TrainingLoss.Of(spec, epoch);
        var terms = new List<(EpochSum, string)>();
        if (loss.NeedsClean) terms.Add((EpochSum.Clean, Clean));
        if (loss.NeedsClean && loss.DistilWeight > 0) terms.Add((EpochSum.CleanDistillation, CleanDistillation));
        if (loss.NeedsPerturbed) terms.Add((EpochSum.Adversarial, Adversarial));
        if (loss.NeedsPerturbed && loss.PerturbDistilWeight > 0) terms.Add((EpochSum.AdversarialDistillation, AdversarialDistillation));
        return terms.Count > 1 ? terms : [];
    }
}
