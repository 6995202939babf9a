namespace KdRobust.Domain.Experiments;

/// <summary>What must hold between a view and its model.</summary>
internal static class ViewRules
{
    public static void Check(SpecFindings found, ViewSpec view, string path)
    {
        found.Name(view.Model, found.Spec.Models.Keys, "model", $"{path}.model");
        if (view.EarlyStop && view.Aggregation is Aggregation.MeanLogit or Aggregation.MeanLogProbability)
            found.Add($"{path}.earlyStop", "one draw can move this aggregation by any amount, so no answer is ever certain before the last", "true", "false, or votes, mean-probability or rank-vote");
        if (!found.Spec.Models.TryGetValue(view.Model, out var model)) return;
        CheckInputNoise(found, view.InputNoise, model, $"{path}.inputNoise");
        var training = model.Weights as TrainingSpec;
        if (view.Checkpoint == ModelCheckpoint.Average && training?.Average is null)
            found.Add($"{path}.checkpoint", "the model keeps no average of its weights", "average", "last, or a model with weights.average");
        if (view.Checkpoint == ModelCheckpoint.Best && training?.Selection is null)
            found.Add($"{path}.checkpoint", "the model's training selects no epoch", "best", "last, or a model with weights.selection");
    }

    public static void CheckInputNoise(SpecFindings found, InputNoiseSpec? noise, ModelSpec model, string path)
    {
        if (noise?.Unit == InputNoiseUnit.Normalized && model.Architecture.Normalize is null)
            found.Add($"{path}.unit", "the model does not normalise its input", "normalized", "pixel, or a model with architecture.normalize");
    }
}
