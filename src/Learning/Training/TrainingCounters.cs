using System.Text.Json;
using KdRobust.Domain.Jobs;

namespace KdRobust.Learning.Training;

/// <summary>Where a training is, beside its tensors. Schedules, data order and noise follow from these numbers and the seed.</summary>
internal sealed record TrainingCounters
{
    /// <summary>SHA-256 of what is trained; a resume point of something else is refused.</summary>
    public required string Payload { get; init; }
    /// <summary>Epochs finished.</summary>
    public required int Epoch { get; init; }
    /// <summary>Steps finished inside the running epoch.</summary>
    public required int Step { get; init; }
    /// <summary>Ordinal of the next metric point.</summary>
    public required long Ordinal { get; init; }
    /// <summary>Images seen in the running epoch.</summary>
    public required long Images { get; init; }
    /// <summary>Running sums of the epoch over images, in the order of <see cref="EpochSums"/>.</summary>
    public required IReadOnlyList<double> Sums { get; init; }
    /// <summary>Mean loss of the last finished epoch, and its accuracy; NaN before the first.</summary>
    public required double LastLoss { get; init; }
    public required double LastAccuracy { get; init; }
    /// <summary>True once the network was left in evaluation mode (batchNorm left-in-evaluation).</summary>
    public bool LeftInEvaluation { get; init; }
    /// <summary>The selected epoch so far, whose weights the resume point holds; null before the first.</summary>
    public SelectedEpoch? Selected { get; init; }
    /// <summary>Seconds of computing so far.</summary>
    public required double Seconds { get; init; }
    /// <summary>Steps each parameter has taken in the optimizer.</summary>
    public required IReadOnlyDictionary<string, long> OptimizerSteps { get; init; }

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <exception cref="JsonException">Not what <see cref="ToJson"/> wrote.</exception>
    public static TrainingCounters FromJson(string json) =>
        JsonSerializer.Deserialize<TrainingCounters>(json, Options) ?? throw new JsonException("null");
}
