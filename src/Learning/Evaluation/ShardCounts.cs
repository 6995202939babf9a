using KdRobust.Domain.Jobs;

namespace KdRobust.Learning.Evaluation;

/// <summary>Counts of shards as those of the whole.</summary>
internal static class ShardCounts
{
    /// <summary>The count of all images together.</summary>
    /// <param name="shards">One a shard, in order.</param>
    /// <param name="views">Views of each image that were asked about: view v of image i is number v N + i, here and there.</param>
    /// <param name="overDraws">The interval over draws of the aggregation at a place.</param>
    public static AggregatedCount Together(IReadOnlyList<AggregatedCount> shards, int views, Func<int, DrawInterval?> overDraws)
    {
        var images = shards.Sum(shard => shard.Images);
        // The mean times the images is a whole number again: far fewer draws are asked than a double counts.
        var asked = shards.Sum(shard => (long)Math.Round(shard.MeanDraws * shard.Images));
        AggregationCount Right(int place) => new(
            shards[0].Aggregations[place].Aggregation,
            Together([.. shards.Select(shard => (shard.Aggregations[place].Right, shard.Images / views))], views),
            overDraws(place));
        return new AggregatedCount(images, shards[0].Draws, (double)asked / images, [.. Enumerable.Range(0, shards[0].Aggregations.Count).Select(Right)]);
    }

    static ImageSet Together(IReadOnlyList<(ImageSet Right, int Images)> shards, int views)
    {
        var all = new List<bool>();
        for (var view = 0; view < views; view++)
            foreach (var (right, images) in shards)
                for (var image = 0; image < images; image++) all.Add(right.Contains((view * images) + image));
        return ImageSet.Of([.. all]);
    }
}
