using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// What a resampling of draws needs of some images. Most are answered alike by all groups of draws, and with them by every
/// resampling; the others keep their sums. Images are looked at one by one, so those of shards add up to those of the whole.
/// </summary>
/// <param name="Images">N.</param>
/// <param name="AlwaysRight">Images whose answer is right whichever groups are drawn.</param>
/// <param name="Open">Sums over each group of draws of the images that depend on it, [G, n, K] float32.</param>
/// <param name="Labels">Their true classes, [n] int64.</param>
internal sealed record ResampledImages(int Images, long AlwaysRight, Tensor Open, Tensor Labels) : IDisposable
{
    /// <summary>Looks at images.</summary>
    /// <param name="groups">Sums over each group of draws, [G, N, K] float32; higher is better, ties go to the lowest class.</param>
    /// <param name="labels">[N] int64.</param>
    public static ResampledImages Of(Tensor groups, Tensor labels)
    {
        using var withoutGraph = no_grad();
        using var scope = NewDisposeScope();
        var (always, rows) = Undecided(groups, labels);
        return new((int)groups.shape[1], always, groups.index_select(1, rows).DetachFromDisposeScope(), labels.index_select(0, rows).DetachFromDisposeScope());
    }

    /// <summary>The images of all shards, in order.</summary>
    public static ResampledImages Together(IReadOnlyList<ResampledImages> shards)
    {
        using var withoutGraph = no_grad();
        return new(
            shards.Sum(shard => shard.Images), shards.Sum(shard => shard.AlwaysRight),
            cat([.. shards.Select(shard => shard.Open)], 1).DetachFromDisposeScope(), cat([.. shards.Select(shard => shard.Labels)]).DetachFromDisposeScope());
    }

    // A class that leads another one in every group leads it in every resampling.
    static (long AlwaysRight, Tensor Rows) Undecided(Tensor groups, Tensor labels)
    {
        var classes = arange(groups.shape[2], ScalarType.Int64, groups.device).unsqueeze(0); // [1, K]
        var own = labels.unsqueeze(1); // [N, 1]
        var lead = groups.gather(2, own.unsqueeze(0).expand(groups.shape[0], -1, -1)) - groups; // [G, N, K]
        var ahead = lead.gt(0).logical_or(lead.eq(0).logical_and(classes.ge(own))); // of this class, or it is the true one itself
        var right = ahead.all(0).all(1); // [N]
        var wrong = ahead.logical_not().all(0).any(1);
        return (right.sum().item<long>(), right.logical_or(wrong).logical_not().nonzero().flatten());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Open.Dispose();
        Labels.Dispose();
    }
}
