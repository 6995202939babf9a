using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;

namespace KdRobust.Worker.Rows;

/// <summary>A row's spec: the one it names, at the size the order gives it. What was changed is a note of the spec, and so of every table made of it.</summary>
static class RowSpec
{
    /// <summary>The spec that is computed.</summary>
    /// <param name="spec">The one the row names.</param>
    /// <param name="row">What it changes.</param>
    /// <param name="device">What computes.</param>
    /// <param name="epochs">Epochs of its models; null for the spec's own.</param>
    internal static ExperimentSpec Of(ExperimentSpec spec, OrderedRow row, DeviceKind device, int? epochs)
    {
        var models = spec.Models.ToDictionary(
            model => model.Key,
            model => model.Value.Weights is TrainingSpec training && row.Models.Contains(model.Key)
                ? model.Value with { Weights = Scaled(training, epochs ?? training.Epochs, row.LookEvery) }
                : model.Value,
            StringComparer.Ordinal);
        return spec with
        {
            Notes = [.. spec.Notes, Note(spec, row, epochs)],
            Compute = spec.Compute with { Device = device, Precision = row.Precision },
            Models = models,
            Views = spec.Views.ToDictionary(
                view => view.Key,
                view => row.Draws is { } draws && view.Value.Draws > draws ? view.Value with { Draws = draws } : view.Value,
                StringComparer.Ordinal),
        };
    }

    /// <summary>The jobs of a row: training of its models, and whatever asks nothing but these.</summary>
    internal static HashSet<string> Jobs(ExperimentPlan plan, IReadOnlyList<string> models)
    {
        var trained = models.Select(model => plan.TrainingOf(model).Key).ToHashSet(StringComparer.Ordinal);
        return [.. plan.Jobs.Where(job => trained.Contains(job.Key) || (!job.Key.StartsWith("train/", StringComparison.Ordinal) && job.DependsOn.Any() && job.DependsOn.All(trained.Contains))).Select(job => job.Key)];
    }

    /// <summary>A training of another length: everything that counts epochs is scaled with it.</summary>
    internal static TrainingSpec Scaled(TrainingSpec training, int epochs, int? lookEvery)
    {
        int At(int epoch) => (int)Math.Round((double)epoch * epochs / training.Epochs, MidpointRounding.AwayFromZero);
        return training with
        {
            Epochs = epochs,
            Schedule = training.Schedule switch
            {
                StepScheduleSpec step => step with { Every = Math.Max(1, At(step.Every)) },
                MultiStepScheduleSpec steps => steps with { Milestones = [.. steps.Milestones.Select(At).Select(at => Math.Max(1, at)).Distinct()] },
                var other => other, // cosine and one-cycle run over all steps, however many
            },
            Warmup = training.Warmup is { } warmup ? warmup with { Epochs = Math.Max(1, At(warmup.Epochs)) } : null,
            Adversarial = training.Adversarial is { } adversarial ? adversarial with { FromEpoch = At(adversarial.FromEpoch) } : null,
            Monitor = training.Monitor is { } monitor ? monitor with { Every = lookEvery ?? monitor.Every } : null,
            Selection = training.Selection is { } selection ? selection with { Every = lookEvery ?? selection.Every } : null,
        };
    }

    static string Note(ExperimentSpec spec, OrderedRow row, int? epochs)
    {
        var parts = new List<string> { $"{(row.Precision == Precision.Bfloat16 ? "bfloat16" : "float32")} in training" };
        if (epochs is { } count)
            parts.Add(string.Join(", ", row.Models.Select(model => FormattableString.Invariant($"{model} {count} of {((TrainingSpec)spec.Models[model].Weights).Epochs} epochs"))) + ", the schedule scaled with them");
        if (row.LookEvery is { } every) parts.Add(FormattableString.Invariant($"looks every {every} epochs"));
        if (row.Draws is { } draws) parts.Add(FormattableString.Invariant($"at most {draws} draws"));
        return $"Row '{row.Name}' of a lent GPU: {string.Join("; ", parts)}.";
    }
}
