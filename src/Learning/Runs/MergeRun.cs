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
/// Puts the shards of a job together: results, labels and curves are those of the whole, to the last bit. Reads no images;
/// what takes time is the resampling for the intervals over draws. A pure function of its inputs: stopped, it is done again.
/// </summary>
internal sealed class MergeRun(RunRequest request, MergePayload payload, TimeProvider time) : IRun
{
    readonly SeedTree _seeds = new(payload.Seed);

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        if (stop.Requested is { } reason)
        {
            yield return new RunStopped(reason);
            yield break;
        }
        using var shards = new Shards(request, payload);
        foreach (var told in payload.Whole switch
        {
            SmoothingEvalPayload whole => Smoothing(whole, shards, clock),
            TransferAttackPayload whole => Attack(whole, shards, clock, stop),
            var whole => throw new ArgumentOutOfRangeException(nameof(payload), whole.GetType().Name, "this kind of job has no shards"),
        }) yield return told;
    }

    IEnumerable<RunEvent> Smoothing(SmoothingEvalPayload whole, Shards shards, ProgressClock clock)
    {
        var results = shards.Results<SmoothingEvalResult>();
        var count = ShardCounts.Together([.. results.Select(r => r.Count)], whole.LabelViews?.Count ?? 1, place => Interval(shards, 0, place));
        if (whole.KeepLabels)
        {
            using var labels = new MergedLabels(shards);
            var file = labels.Writer(TeacherLabels.Metadata(whole));
            yield return new CheckpointTaken(CheckpointRole.Output, OutputNames.Labels, 0, 0, file.Length, file.WriteTo);
        }
        yield return new RunFinished(new SmoothingEvalResult { Seconds = Seconds(results, clock), Provenance = Provenance(results), Count = count });
    }

    IEnumerable<RunEvent> Attack(TransferAttackPayload whole, Shards shards, ProgressClock clock, StopSignal stop)
    {
        var results = shards.Results<TransferAttackResult>();
        var counts = new List<AggregatedCount>();
        for (var target = 0; target < whole.Targets.Count; target++)
        {
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
            var view = target;
            counts.Add(ShardCounts.Together([.. results.Select(r => r.Targets[view])], 1, place => Interval(shards, view, place)));
        }
        var merged = new TransferAttackResult
        {
            Seconds = Seconds(results, clock),
            Provenance = Provenance(results),
            Images = results.Sum(r => r.Images),
            Survivors = Sums([.. results.Select(r => r.Survivors)]),
            CorrectAtStep = Sums([.. results.Select(r => r.CorrectAtStep)]),
            Targets = counts,
            TargetCurves = [.. results[0].TargetCurves.Select((curve, target) => new TargetCurve(curve.Draws, [.. curve.Curves.Select((one, place) =>
                new AggregationCurve(one.Aggregation, Sums([.. results.Select(r => r.TargetCurves[target].Curves[place].Correct)])))]))],
            LargestPerturbation = results.Max(r => r.LargestPerturbation),
        };
        yield return AttackSeries.Of(merged);
        yield return new RunFinished(merged);
    }

    DrawInterval? Interval(Shards shards, int view, int place)
    {
        var parts = new List<ResampledImages>();
        try
        {
            foreach (var shard in shards.Files)
                if (shard.Resampled(view, place, ComputeEnvironment.DeviceOf(payload.Compute)) is { } part) parts.Add(part);
            if (parts.Count == 0) return null;
            using var together = ResampledImages.Together(parts);
            return TwoLevelBootstrap.Of(together, _seeds);
        }
        finally
        {
            foreach (var part in parts) part.Dispose();
        }
    }

    static IReadOnlyList<int> Sums(IReadOnlyList<IReadOnlyList<int>> curves) => [.. curves[0].Select((_, k) => curves.Sum(curve => curve[k]))];

    static double Seconds(IEnumerable<JobResult> shards, ProgressClock clock) => shards.Sum(shard => shard.Seconds) + clock.Seconds;

    static RunProvenance Provenance(IEnumerable<JobResult> shards) => RunProvenance.Together([.. shards.Select(shard => shard.Provenance)]);

    /// <summary>The files of all shards, in order.</summary>
    sealed class Shards : IDisposable
    {
        readonly List<ShardFile> _files = [];

        public Shards(RunRequest request, MergePayload payload)
        {
            try
            {
                for (var i = 0; i < payload.Shards.Count; i++) _files.Add(ShardFile.Open(request.File(InputRoles.Shard(i)), payload.Shards[i]));
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        public IReadOnlyList<ShardFile> Files => _files;

        public IReadOnlyList<T> Results<T>()
            where T : JobResult =>
            [.. _files.Select(file => file.Result as T ?? throw new RunInputException($"the shard of images {file.Range} holds a {file.Result.GetType().Name}, expected a {typeof(T).Name}"))];

        public void Dispose()
        {
            foreach (var file in _files) file.Dispose();
        }
    }

    /// <summary>The label file of all rows.</summary>
    sealed class MergedLabels(Shards shards) : IDisposable
    {
        readonly Dictionary<string, Tensor> _tensors = new[] { TeacherLabels.Votes, TeacherLabels.MeanProbability, TeacherLabels.Classes }
            .ToDictionary(name => name, name => Rows(shards, name), StringComparer.Ordinal);

        // [N, K] and [N] by their first dimension, [V, N, K] by its second.
        static Tensor Rows(Shards shards, string name)
        {
            using var scope = NewDisposeScope();
            var parts = shards.Files.Select(file => file.Labels(name)).ToList();
            return cat(parts, parts[0].shape.Length == 3 ? 1 : 0).DetachFromDisposeScope();
        }

        public SafetensorsWriter Writer(IReadOnlyDictionary<string, string> metadata) => new(_tensors, metadata);

        public void Dispose()
        {
            foreach (var tensor in _tensors.Values) tensor.Dispose();
        }
    }
}
