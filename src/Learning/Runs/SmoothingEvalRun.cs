using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Asks a network M times about each image, or as often as its answer needs, and counts. A teacher's labels are the same over the training images, under
/// draws of their own. A pure function of its inputs: stopped, it is done again from the start.
/// </summary>
internal sealed class SmoothingEvalRun(RunRequest request, SmoothingEvalPayload payload, TimeProvider time) : IRun
{
    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        if (payload is { KeepLabels: true, StopFor: { } aggregation })
            throw new RunInputException($"stopFor: {aggregation}, but labels (keepLabels) need every draw about every image; expected stopFor: null, from a view with earlyStop: false");
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        var seeds = new SeedTree(payload.Seed);
        using var images = EvaluationImages.Open(payload, payload.Split, payload.Images, request.DataFolder);
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

        if (payload.KeepLabels)
        {
            using var labels = new KeptLabels(judge.Counts, images.AllLabels);
            var file = labels.Writer(TeacherLabels.Metadata(payload.Dataset.Name, payload.Split, payload.Images, payload.Draws));
            yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Labels, 0, 0, file.Length, file.WriteTo);
        }
        yield return new RunFinished(new SmoothingEvalResult { Seconds = clock.Seconds, Provenance = provenance, Count = judge.Result() });
    }
}
