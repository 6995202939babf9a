using KdRobust.Domain.Jobs;
using KdRobust.Learning.Smoothing;

namespace KdRobust.Learning.Evaluation;

/// <summary>What a view answered about the images of a shard.</summary>
/// <param name="Count">As of a whole, its images counted from the shard's first; without intervals over draws.</param>
/// <param name="Resampled">What the merge resamples for them, one entry an aggregation; empty where there are none.</param>
internal sealed record ShardCount(AggregatedCount Count, IReadOnlyList<ResampledImages> Resampled) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var images in Resampled) images.Dispose();
    }
}
