using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// An interval of the accuracy of a smoothed classifier of M draws over new images and new draws: groups of draws are
/// resampled with replacement and aggregated anew, then images are. Where one draw of the weights errs on many images
/// together, it is wider than an interval that counts images alone; where every image has its own draws, it is about that.
/// </summary>
/// <remarks>
/// A percentile interval (Efron 1979). A resampling holds fewer different draws than M, so for small M it lies a little
/// lower than the accuracy. It says nothing of other trainings of the network, and collapses where all answers are right or all wrong.
/// </remarks>
internal static class TwoLevelBootstrap
{
    /// <summary>Resamplings.</summary>
    public const int Replicates = 1000;

    // Numbers of one block of aggregated scores: 4 MB, whatever N.
    const long BlockNumbers = 1 << 20;
    // Last part of the paths to the seeds.
    const long OfDraws = 0, OfImages = 1;

    /// <summary>The interval between the 2.5 % and the 97.5 % quantile.</summary>
    /// <param name="groups">Sums over each group of draws, [G, N, K] float32; higher is better, ties go to the lowest class.</param>
    /// <param name="labels">[N] int64.</param>
    /// <param name="seeds">Root of the resamplings: the same for all aggregations and views, which are so resampled alike.</param>
    public static DrawInterval Of(Tensor groups, Tensor labels, SeedTree seeds)
    {
        using var images = ResampledImages.Of(groups, labels);
        return Of(images, seeds);
    }

    /// <summary>The same of images that were looked at before, perhaps in shards.</summary>
    public static DrawInterval Of(ResampledImages images, SeedTree seeds)
    {
        var accuracies = Accuracies(images, seeds);
        Array.Sort(accuracies);
        return new DrawInterval(Quantile(accuracies, 0.025), Quantile(accuracies, 0.975), (int)images.Open.shape[0], Replicates);
    }

    /// <summary>The accuracy of each resampling, in order of the replicates.</summary>
    /// <inheritdoc cref="Of(Tensor, Tensor, SeedTree)"/>
    public static double[] Accuracies(Tensor groups, Tensor labels, SeedTree seeds)
    {
        using var images = ResampledImages.Of(groups, labels);
        return Accuracies(images, seeds);
    }

    static double[] Accuracies(ResampledImages resampled, SeedTree seeds)
    {
        using var withoutGraph = no_grad();
        var images = resampled.Images;
        var right = RightAnswers(resampled, seeds);
        var accuracies = new double[Replicates];
        for (var replicate = 0; replicate < Replicates; replicate++)
        {
            // Any order of the images will do: those answered rightly come first.
            var random = new HostRandom((ulong)seeds.Seed(RandomStream.Bootstrap, replicate, OfImages));
            var count = 0;
            for (var image = 0; image < images; image++)
                if (random.Below(images) < right[replicate]) count++;
            accuracies[replicate] = (double)count / images;
        }
        return accuracies;
    }

    // Right answers when only the draws are resampled.
    static long[] RightAnswers(ResampledImages images, SeedTree seeds)
    {
        using var scope = NewDisposeScope();
        var right = new long[Replicates];
        Array.Fill(right, images.AlwaysRight);
        var (open, labels) = (images.Open, images.Labels); // [G, n, K], [n]
        if (labels.shape[0] == 0) return right;

        var flat = open.reshape(open.shape[0], -1); // [G, n K]
        var step = (int)Math.Clamp(BlockNumbers / flat.shape[1], 1, Replicates);
        for (var start = 0; start < Replicates; start += step)
        {
            using var block = NewDisposeScope();
            var count = Math.Min(step, Replicates - start);
            var scores = Weights(seeds, start, count, (int)open.shape[0], open.device).matmul(flat).view(count, open.shape[1], open.shape[2]); // [r, n, K]
            var counts = scores.argmax(2).eq(labels).sum(1).cpu().data<long>(); // [r]
            for (var i = 0; i < count; i++) right[start + i] += counts[i];
        }
        return right;
    }

    // How often each group was drawn, G times with replacement: [count, G].
    static Tensor Weights(SeedTree seeds, int start, int count, int groups, Device device)
    {
        var weights = new float[count * groups];
        for (var replicate = 0; replicate < count; replicate++)
        {
            var random = new HostRandom((ulong)seeds.Seed(RandomStream.Bootstrap, start + replicate, OfDraws));
            for (var i = 0; i < groups; i++) weights[(replicate * groups) + random.Below(groups)]++;
        }
        return tensor(weights, [count, groups], device: device);
    }

    // Linear between the two neighbours in order.
    static double Quantile(double[] ascending, double share)
    {
        var place = share * (ascending.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, ascending.Length - 1);
        return ascending[below] + ((place - below) * (ascending[above] - ascending[below]));
    }
}
