using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Asks a network M times about each image, or as often as its answer needs, and counts. A teacher's labels are the same over the training images, under
/// draws of their own. A pure function of its inputs: stopped, it is done again from the start.
/// </summary>
internal sealed class SmoothingEvalRun(RunRequest request, SmoothingEvalPayload payload, TimeProvider time) : IRun
{
    static readonly Dictionary<string, Tensor> NoLabels = [];

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        if (payload is { KeepLabels: true, StopFor: { } aggregation })
            throw new RunInputException($"stopFor: {aggregation}, but labels (keepLabels) need every draw about every image; expected stopFor: null, from a view with earlyStop: false");
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        var seeds = new SeedTree(payload.Seed);
        using var images = EvaluationImages.Open(payload, payload.Split, request.DataFolder);
        using var network = TrainedNetwork.Load(payload.View.Network, request.File(InputRoles.Weights), seeds, images.Device);
        using var view = NetworkView.Of(network, payload.View, seeds);
        using var judge = new Judge(view, images, payload.Split == DataSplit.Train ? RandomStream.Labels : RandomStream.Report, payload.Draws, seeds, payload.StopFor);

        while (!judge.Finished)
        {
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
            if (clock.Due(judge.Advance()))
                yield return new ProgressMade(judge.Progress("judge", judge.DrawsDone, judge.DrawsNeeded, clock));
        }

        using var labels = payload.KeepLabels ? new KeptLabels(judge.Counts, images.AllLabels) : null;
        SmoothingEvalResult Found(AggregatedCount count) => new() { Seconds = clock.Seconds, Provenance = provenance, Count = count };
        if (payload.Shard is { } range)
        {
            using var count = judge.ShardResult();
            var part = Found(count.Count);
            yield return ShardFile.Taken(range, part, [count], labels?.Tensors ?? NoLabels);
            yield return new RunFinished(part);
            yield break;
        }
        if (labels is not null)
        {
            var file = labels.Writer(TeacherLabels.Metadata(payload));
            yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Labels, 0, 0, file.Length, file.WriteTo);
        }
        yield return new RunFinished(Found(judge.Result()));
    }
}
