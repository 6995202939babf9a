using KdRobust.Domain.Experiments;

namespace KdRobust.Domain.Jobs;

/// <summary>What M draws of a view answered about N images, by every aggregation that was counted; all over the same draws.</summary>
/// <param name="Images">N.</param>
/// <param name="Draws">M.</param>
/// <param name="MeanDraws">Draws really asked about an image, on average; below M when images leave early or all draws answer the same.</param>
/// <param name="Aggregations">One entry an aggregation.</param>
public sealed record AggregatedCount(int Images, int Draws, double MeanDraws, IReadOnlyList<AggregationCount> Aggregations)
{
    /// <summary>The entry of one aggregation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It was not counted.</exception>
    public AggregationCount Of(Aggregation aggregation) => Aggregations.FirstOrDefault(a => a.Aggregation == aggregation)
        ?? throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "this aggregation was not counted");

    /// <summary>Images that one aggregation answers rightly.</summary>
    public int Correct(Aggregation aggregation) => Of(aggregation).Correct;

    /// <summary>Equal when all numbers are.</summary>
    public bool Equals(AggregatedCount? other) =>
        other is not null && (Images, Draws, MeanDraws) == (other.Images, other.Draws, other.MeanDraws) && Aggregations.SequenceEqual(other.Aggregations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Images, Draws, MeanDraws, Aggregations.Count);
}

/// <summary>Right answers of one aggregation.</summary>
/// <param name="Aggregation">Which.</param>
/// <param name="Right">The images answered rightly.</param>
/// <param name="OverDraws">95 % interval over images and draws together; null for a deterministic view, and where too few draws were asked to tell.</param>
public sealed record AggregationCount(Aggregation Aggregation, ImageSet Right, DrawInterval? OverDraws)
{
    /// <summary>How many they are.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Correct => Right.Count;
}

/// <summary>
/// The two-level bootstrap interval of an accuracy: images and groups of draws are resampled together, so that errors that
/// one draw of the weights makes on many images count as the one cluster they are.
/// </summary>
/// <param name="Lower">2.5 % quantile, in [0,1].</param>
/// <param name="Upper">97.5 % quantile.</param>
/// <param name="Groups">Groups of draws that were resampled.</param>
/// <param name="Replicates">Resamplings.</param>
public sealed record DrawInterval(double Lower, double Upper, int Groups, int Replicates);
