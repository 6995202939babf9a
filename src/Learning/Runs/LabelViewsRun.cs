using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Asks a teacher M times about V fixed views of every training image and keeps its answers, [V, N, K]. Every view has
/// draws of its own. The training draws one view per epoch and image and sees that view itself (<see cref="FixedViews"/>).
/// A pure function of its inputs: stopped, it is done again from the start.
/// </summary>
internal sealed class LabelViewsRun(RunRequest request, SmoothingEvalPayload payload, LabelViews views, TimeProvider time) : IRun
{
    // Images of one gather; bounds memory, changes nothing.
    const int GatherImages = 256;

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        var seeds = new SeedTree(payload.Seed);
        using var images = EvaluationImages.Open(payload, payload.Split, request.DataFolder);
        using var network = TrainedNetwork.Load(payload.View.Network, request.File(InputRoles.Weights), seeds, images.Device);
        using var view = NetworkView.Of(network, payload.View, seeds);
        using var labels = new ViewLabels(views.Count, images.Count, images.Device);
        var counts = new List<AggregatedCount>();

        for (var v = 0; v < views.Count; v++)
        {
            using var augmented = Augmented(images, seeds, v);
            using var judge = new Judge(view, augmented, images.AllLabels, RandomStream.Labels.For(v), payload.Draws, first: images.First);
            while (!judge.Finished)
            {
                if (stop.Requested is { } reason)
                {
                    yield return new RunStopped(reason);
                    yield break;
                }
                if (clock.Due(judge.Advance()))
                    yield return new ProgressMade(judge.Progress("judge", ((double)v * judge.DrawsNeeded) + judge.DrawsDone, (double)views.Count * judge.DrawsNeeded, clock));
            }
            labels.Keep(v, judge.Counts);
            counts.Add(judge.Result());
        }

        var found = new SmoothingEvalResult { Seconds = clock.Seconds, Provenance = provenance, Count = Together(counts) };
        using var classes = images.AllLabels.to(ScalarType.Byte);
        var tensors = payload.KeepLabels ? labels.Tensors(classes) : [];
        if (payload.Shard is { } range)
        {
            yield return ShardFile.Taken(range, found, [], tensors);
        }
        else if (payload.KeepLabels)
        {
            var file = new SafetensorsWriter(tensors, TeacherLabels.Metadata(payload));
            yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Labels, 0, 0, file.Length, file.WriteTo);
        }
        yield return new RunFinished(found);
    }

    // Bytes [N, 3, 32, 32] of every image in its v-th view.
    Tensor Augmented(DeviceImages images, SeedTree seeds, int v)
    {
        using var scope = NewDisposeScope();
        using var crop = new CropAndFlip(views.Augmentation, seeds, FixedViews.All(v, images.Count), images.Device, images.First);
        var parts = new List<Tensor>();
        for (var start = 0; start < images.Count; start += GatherImages)
            parts.Add(crop.Bytes(images, arange(start, Math.Min(start + GatherImages, images.Count), 1, ScalarType.Int64, images.Device)));
        return cat(parts).DetachFromDisposeScope();
    }

    // The answers about all views as those about V N images: view v of image i is number v N + i.
    static AggregatedCount Together(IReadOnlyList<AggregatedCount> views)
    {
        var images = views.Sum(count => count.Images);
        AggregationCount Right(Aggregation aggregation) => new(
            aggregation,
            ImageSet.Of([.. views.SelectMany(count => Enumerable.Range(0, count.Images).Select(i => count.Of(aggregation).Right.Contains(i)))]),
            null);
        return new AggregatedCount(images, views[0].Draws, views.Average(count => count.MeanDraws), [.. views[0].Aggregations.Select(count => Right(count.Aggregation))]);
    }

    /// <summary>Shares of votes and mean probabilities of every view, [V, N, K].</summary>
    sealed class ViewLabels(int views, int images, Device device) : IDisposable
    {
        readonly Tensor _votes = zeros([views, images, LabelledImages.Classes], ScalarType.Float32, device).DetachFromDisposeScope();
        readonly Tensor _probabilities = zeros([views, images, LabelledImages.Classes], ScalarType.Float32, device).DetachFromDisposeScope();

        public void Keep(int view, SmoothedCounts counts)
        {
            using var scope = NewDisposeScope();
            _votes.select(0, view).copy_(counts.VoteShares());
            _probabilities.select(0, view).copy_(counts.MeanProbability());
        }

        public Dictionary<string, Tensor> Tensors(Tensor classes) => new(StringComparer.Ordinal)
        {
            [TeacherLabels.Votes] = _votes,
            [TeacherLabels.MeanProbability] = _probabilities,
            [TeacherLabels.Classes] = classes,
        };

        public void Dispose()
        {
            _votes.Dispose();
            _probabilities.Dispose();
        }
    }
}
