using System.Text.Json.Serialization;

namespace KdRobust.Domain.Jobs;

/// <summary>What a job found: plain numbers, stored in its row.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TrainResult), TrainPayload.Kind)]
[JsonDerivedType(typeof(SmoothingEvalResult), SmoothingEvalPayload.Kind)]
[JsonDerivedType(typeof(TransferAttackResult), TransferAttackPayload.Kind)]
[JsonDerivedType(typeof(ImportResult), ImportPayload.Kind)]
public abstract record JobResult
{
    /// <summary>Seconds of computing, all attempts' kept work together.</summary>
    public required double Seconds { get; init; }
    /// <summary>What computed it.</summary>
    public required RunProvenance Provenance { get; init; }
}

/// <summary>Where a number comes from; not part of any fingerprint.</summary>
public sealed record RunProvenance(string Build, string Libtorch, string Blas, string Device, int Threads)
{
    /// <summary>
    /// Images of a training's pass where memory ran out at the spec's; null where the spec's held. The sums of a step are the same,
    /// batch norm's statistics are each pass's own.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MicroBatch { get; init; }
}

/// <summary>A finished training.</summary>
public sealed record TrainResult : JobResult
{
    public required int Epochs { get; init; }
    public required long Parameters { get; init; }
    /// <summary>Mean loss of the last epoch, in nats.</summary>
    public required double FinalLoss { get; init; }
    /// <summary>Share of the last epoch's (clean) training images answered rightly in the training forward pass.</summary>
    public required double FinalTrainAccuracy { get; init; }
    /// <summary>The epoch whose weights are the best, and what it was chosen by; null without selection.</summary>
    public required SelectedEpoch? Selected { get; init; }
}

/// <summary>The selected epoch of a training.</summary>
/// <param name="Epoch">Epochs finished when its weights were taken.</param>
/// <param name="Accuracy">The accuracy that selected it, in [0,1].</param>
/// <param name="Images">Of so many images.</param>
public sealed record SelectedEpoch(int Epoch, double Accuracy, int Images);

/// <summary>A finished evaluation.</summary>
public sealed record SmoothingEvalResult : JobResult
{
    public required AggregatedCount Count { get; init; }
}

/// <summary>A finished attack.</summary>
public sealed record TransferAttackResult : JobResult
{
    public required int Images { get; init; }
    /// <summary>Images no iterate 0..k has fooled under the crafting draws, k = 0..K.</summary>
    public required IReadOnlyList<int> Survivors { get; init; }
    /// <summary>Images answered rightly at iterate k, one draw, k = 0..K.</summary>
    public required IReadOnlyList<int> CorrectAtStep { get; init; }
    /// <summary>One entry a target, in the payload's order, on the perturbed images.</summary>
    public required IReadOnlyList<AggregatedCount> Targets { get; init; }
    /// <summary>One entry a target, in the payload's order: its right answers over the iterates; empty without curve draws.</summary>
    public required IReadOnlyList<TargetCurve> TargetCurves { get; init; }
    /// <summary>Largest distance of any image from its clean one in the attack's norm, pixel units; at most epsilon + 1e-6.</summary>
    public required double LargestPerturbation { get; init; }
}

/// <summary>Right answers of a target over the iterates k = 0..K, with fresh draws at each.</summary>
public sealed record TargetCurve(int Draws, IReadOnlyList<AggregationCurve> Curves)
{
    /// <summary>The counts of one aggregation, k = 0..K.</summary>
    public IReadOnlyList<int> Of(Experiments.Aggregation aggregation) => Curves.First(c => c.Aggregation == aggregation).Correct;
}

/// <summary>One aggregation's right answers, k = 0..K.</summary>
public sealed record AggregationCurve(Experiments.Aggregation Aggregation, IReadOnlyList<int> Correct);

/// <summary>Weights that were read.</summary>
public sealed record ImportResult : JobResult
{
    /// <summary>Format of the file and where in it the state dict was found, e.g. <c>PyTorch legacy file, state_dict</c>.</summary>
    public required string Source { get; init; }
    public required long Parameters { get; init; }
    /// <summary>Which name of the file became which of the network.</summary>
    public required IReadOnlyList<MappedKey> Mapped { get; init; }
    /// <summary>Names of the file that were left out.</summary>
    public required IReadOnlyList<string> Skipped { get; init; }
}

/// <summary>A tensor of an imported file.</summary>
public sealed record MappedKey(string File, string Network);
