using static KdRobust.Domain.Experiments.SpecRules;

namespace KdRobust.Domain.Experiments;

/// <summary>What must hold inside a training, and between it and the rest of the spec.</summary>
internal static class TrainingRules
{
    public static void Check(SpecFindings found, ModelSpec model, TrainingSpec training, string path)
    {
        CheckBatches(found, training, path);
        ViewRules.CheckInputNoise(found, training.InputNoise, model, $"{path}.inputNoise");
        if (training.Schedule is MultiStepScheduleSpec { Milestones: var milestones } && !Ascending(milestones))
            found.Add($"{path}.schedule.milestones", "not ascending epochs from 1", string.Join(", ", milestones), "e.g. [50, 75]");
        if (training.Warmup is { } warmup && warmup.Epochs >= training.Epochs)
            found.Add($"{path}.warmup.epochs", "the schedule would never begin", Number(warmup.Epochs), $"1 to {Number(training.Epochs - 1)}, or warmup: null");
        if (training.Adversarial is { } adversarial)
        {
            if (adversarial.FromEpoch >= training.Epochs)
                found.Add($"{path}.adversarial.fromEpoch", "the adversarial part would never begin", Number(adversarial.FromEpoch), $"0 to {Number(training.Epochs - 1)}, or adversarial: null");
            AttackRules.Check(found, adversarial.Attack, $"{path}.adversarial.attack", distilled: training.Distillation is not null);
        }
        if (training.Distillation is { } distillation) CheckDistillation(found, training, distillation, $"{path}.distillation");
        if (training.Monitor is { } monitor)
        {
            found.TestImages(monitor.Images, $"{path}.monitor.images");
            if (monitor.Attack is { } attack) AttackRules.Check(found, attack, $"{path}.monitor.attack", distilled: false);
        }
        if (training.Selection is { } selection) CheckSelection(found, training, selection, $"{path}.selection");
    }

    static void CheckBatches(SpecFindings found, TrainingSpec training, string path)
    {
        if (training.BatchSize > found.Spec.Dataset.TrainImages)
            found.Add($"{path}.batchSize", "larger than the training set", Number(training.BatchSize), $"at most {Number(found.Spec.Dataset.TrainImages)}");
        if (training.MicroBatch > training.BatchSize)
            found.Add($"{path}.microBatch", "larger than the batch it is a part of", Number(training.MicroBatch), $"at most {Number(training.BatchSize)}, which splits nothing");
    }

    static void CheckDistillation(SpecFindings found, TrainingSpec training, DistillationSpec distillation, string path)
    {
        found.Name(distillation.Teacher, found.Spec.Views.Keys, "view", $"{path}.teacher");
        if (found.Spec.Views.TryGetValue(distillation.Teacher, out var teacher))
        {
            if (teacher.Aggregation is not (Aggregation.Votes or Aggregation.MeanProbability))
                found.Add($"{path}.teacher", "this view's answers are no distribution over classes", distillation.Teacher, "a view that aggregates by votes or mean-probability");
            if (teacher.EarlyStop)
                found.Add($"{path}.teacher", "labels need every draw, but this view stops early", distillation.Teacher, "a view with earlyStop: false");
        }
        var online = distillation.Labels is OnlineLabelsSpec;
        if (online && distillation.Order == LabelOrder.FileOrder)
            found.Add($"{path}.order", "labels asked online have no file whose order they could take", "file-order", "image, or cached labels");
        if (distillation.Labels is CachedLabelsSpec { Views: > 0 and var views } && training.Augmentation is { CropPadding: 0, Flip: false })
            found.Add($"{path}.labels.views", "the training does not augment, so all views are the image itself", Number(views), "0, or an augmentation");
        if (distillation.Reading is TeacherOnAdversarialReadingSpec && !online)
            found.Add($"{path}.reading", "the teacher cannot be asked beforehand about images that are perturbed during the training", "teacher-on-adversarial", "labels of kind online");
        if (distillation.Reading is TeacherOnAdversarialReadingSpec or UnscaledReadingSpec or PartWeightsReadingSpec && training.Adversarial is null)
            found.Add($"{path}.reading", "this reading tells two parts apart, and the training has no adversarial one", distillation.Reading.GetType().Name, "as-coded, or an adversarial part");
        if (distillation is { Reading: PartWeightsReadingSpec, Weight: 0, AdversarialWeight: 0 })
            found.Add($"{path}.weight", "with this reading the weights are those of the loss's two parts, so that nothing would be trained", "0", "weight or adversarialWeight above 0");
    }

    static void CheckSelection(SpecFindings found, TrainingSpec training, SelectionSpec selection, string path)
    {
        if (selection.From == SelectionSet.Test) found.TestImages(selection.Images, $"{path}.images");
        else if (selection.Images + training.BatchSize > found.Spec.Dataset.TrainImages)
            found.Add($"{path}.images", "too few images would be left to train on", Number(selection.Images),
                $"at most {Number(Math.Max(0, found.Spec.Dataset.TrainImages - training.BatchSize))}, which leaves one batch");
        if (selection.Attack is { } attack) AttackRules.Check(found, attack, $"{path}.attack", distilled: false);
    }

    static bool Ascending(IReadOnlyList<int> epochs) =>
        epochs.Count > 0 && epochs[0] >= 1 && epochs.Zip(epochs.Skip(1)).All(pair => pair.First < pair.Second);
}
