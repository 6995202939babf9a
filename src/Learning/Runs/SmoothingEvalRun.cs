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
/// Asks a network M times about each image and counts. A teacher's labels are the same over the training images, under
/// draws of their own. A pure function of its inputs: stopped, it is done again from the start.
/// </summary>
internal sealed class SmoothingEvalRun(RunRequest request, SmoothingEvalPayload payload, TimeProvider time) : IRun
{
    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        var seeds = new SeedTree(payload.Seed);
        using var images = EvaluationImages.Open(payload, payload.Split, payload.Images, request.DataFolder);
        using var network = TrainedNetwork.Load(payload.View.Network, request.File(InputRoles.Weights), seeds, images.Device);
        using var view = new NetworkView(network, payload.View.InputNoise, seeds) { WeightNoise = payload.View.WeightNoise };
        using var judge = new Judge(view, images, payload.Split == DataSplit.Train ? RandomStream.Labels : RandomStream.Report, payload.Draws);

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
            using var labels = new KeptLabels(judge.Counts);
            var file = labels.Writer(TeacherLabels.Metadata(payload.Dataset.Name, payload.Split, payload.Images, payload.Draws));
            yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Labels, 0, 0, file.Length, file.WriteTo);
        }
        yield return new RunFinished(new SmoothingEvalResult { Seconds = clock.Seconds, Provenance = provenance, Count = judge.Result() });
    }

    /// <summary>Shares of votes and mean probabilities, kept from the count until they are written.</summary>
    sealed class KeptLabels(SmoothedCounts counts) : IDisposable
    {
        readonly Tensor _votes = counts.VoteShares().DetachFromDisposeScope();
        readonly Tensor _probabilities = counts.MeanProbability().DetachFromDisposeScope();

        public SafetensorsWriter Writer(IReadOnlyDictionary<string, string> metadata) => new(
            new Dictionary<string, Tensor>(StringComparer.Ordinal) { [TeacherLabels.Votes] = _votes, [TeacherLabels.MeanProbability] = _probabilities },
            metadata);

        public void Dispose()
        {
            _votes.Dispose();
            _probabilities.Dispose();
        }
    }
}
