using System.Text.Json.Serialization;

namespace KdRobust.Domain.Jobs;

/// <summary>What a job found: plain numbers, stored in its row.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TrainResult), TrainPayload.Kind)]
[JsonDerivedType(typeof(SmoothingEvalResult), SmoothingEvalPayload.Kind)]
[JsonDerivedType(typeof(TransferAttackResult), TransferAttackPayload.Kind)]
public abstract record JobResult
{
    /// <summary>Seconds of computing, all attempts' kept work together.</summary>
    public required double Seconds { get; init; }
    /// <summary>What computed it.</summary>
    public required RunProvenance Provenance { get; init; }
}

/// <summary>Where a number comes from; not part of any fingerprint.</summary>
public sealed record RunProvenance(string Build, string Libtorch, string Blas, string Device, int Threads);

/// <summary>A finished training.</summary>
public sealed record TrainResult : JobResult
{
    public required int Epochs { get; init; }
    public required long Parameters { get; init; }
    /// <summary>Mean loss of the last epoch, in nats.</summary>
    public required double FinalLoss { get; init; }
    /// <summary>Share of the last epoch's (clean) training images answered rightly in the training forward pass.</summary>
    public required double FinalTrainAccuracy { get; init; }
}

/// <summary>Correct answers of every aggregation over the same draws.</summary>
public sealed record AggregatedCount(int Images, int Draws, int CorrectByVotes, int CorrectByMeanProbability)
{
    /// <summary>The count of one aggregation.</summary>
    public int Correct(Experiments.Aggregation aggregation) => aggregation switch
    {
        Experiments.Aggregation.Votes => CorrectByVotes,
        Experiments.Aggregation.MeanProbability => CorrectByMeanProbability,
        _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no count for this aggregation"),
    };
}

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
    /// <summary>Largest |x' - x| over all images, in pixel units; at most epsilon + 1e-6.</summary>
    public required double LargestPerturbation { get; init; }
}
