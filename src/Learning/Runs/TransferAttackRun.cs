using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Crafts an attack on one network and judges it on others, with draws that crafted nothing; white-box is a transfer to
/// itself. With curve draws the targets are also asked about every iterate, batch by batch while it is crafted. A pure
/// function of its inputs: stopped, it is done again from the start.
/// </summary>
internal sealed class TransferAttackRun(RunRequest request, TransferAttackPayload payload, TimeProvider time) : IRun
{
    static readonly Dictionary<string, Tensor> NoLabels = [];
    readonly SeedTree _seeds = new(payload.Seed);

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        using var images = EvaluationImages.Open(payload, DataSplit.Test, request.DataFolder);
        using var perturbed = new PerturbedImages(images);

        var curves = new List<TargetCurve>();
        foreach (var told in Craft(images, perturbed, curves, clock, stop)) yield return told;
        if (stop.Requested is { } early)
        {
            yield return new RunStopped(early);
            yield break;
        }
        var curve = perturbed.Curve ?? throw new InvalidOperationException("no image was attacked");
        var crafted = new TransferAttackResult
        {
            Seconds = 0,
            Provenance = provenance,
            Images = images.Count,
            Survivors = curve.Survivors,
            CorrectAtStep = curve.CorrectAtStep,
            Targets = [],
            TargetCurves = curves,
            LargestPerturbation = curve.LargestPerturbation,
        };
        yield return AttackSeries.Of(crafted);

        using var counts = new TargetCounts();
        for (var i = 0; i < payload.Targets.Count; i++)
        {
            foreach (var told in JudgeTarget(i, images, perturbed, counts, clock, stop)) yield return told;
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
        }
        var found = crafted with { Seconds = clock.Seconds, Targets = counts.Results };
        if (payload.Shard is { } range) yield return ShardFile.Taken(range, found, counts.Shards, NoLabels);
        yield return new RunFinished(found);
    }

    IEnumerable<RunEvent> Craft(DeviceImages images, PerturbedImages perturbed, List<TargetCurve> curves, ProgressClock clock, StopSignal stop)
    {
        using var attacker = Open(payload.View, InputRoles.Weights, images.Device);
        using var attack = new Pgd(payload.Attack, _seeds);
        using var targets = new OpenTargets();
        // All at once and for all batches, because every iterate is shown to each; without curves they are loaded one by one.
        if (payload.CurveDraws > 0)
            for (var i = 0; i < payload.Targets.Count; i++) targets.Add(OpenTarget(i, images.Device));
        var judged = payload.CurveDraws > 0 ? new IterateCurves([.. targets.Views], attack.Steps, payload.CurveDraws) : null;

        while (perturbed.Done < images.Count && stop.Requested is null)
        {
            var count = Attack(() => perturbed.Extend(attack, attacker.View, judged));
            if (clock.Due(count))
                yield return new ProgressMade(new JobProgress("craft", perturbed.Done, images.Count, "image", null,
                    (double)perturbed.Curve!.CorrectAtStep[^1] / perturbed.Done, clock.ImagesPerSecond, null));
        }
        if (judged is not null) curves.AddRange(judged.Results());
    }

    IEnumerable<RunEvent> JudgeTarget(int index, DeviceImages images, PerturbedImages perturbed, TargetCounts counts, ProgressClock clock, StopSignal stop)
    {
        var target = payload.Targets[index];
        using var opened = OpenTarget(index, images.Device);
        using var judge = new Judge(opened.View, perturbed.Images, images.AllLabels, RandomStream.Report, target.Draws, _seeds, target.StopFor, images.First);
        while (!judge.Finished && stop.Requested is null)
        {
            if (clock.Due(judge.Advance()))
                yield return new ProgressMade(judge.Progress($"judge target {index + 1} of {payload.Targets.Count}", judge.DrawsDone, judge.DrawsNeeded, clock) with { SecondsLeft = null });
        }
        if (stop.Requested is not null) yield break;
        if (payload.Shard is null) counts.Results.Add(judge.Result());
        else counts.Add(judge.ShardResult());
    }

    TrainedView OpenTarget(int index, Device device) => Open(payload.Targets[index].View, InputRoles.Target(index), device);

    TrainedView Open(ViewShape shape, string role, Device device) => TrainedView.Open(shape, request.File(role), _seeds, device);

    static int Attack(Func<int> craft)
    {
        try
        {
            return craft();
        }
        catch (ArithmeticException e)
        {
            throw new RunInputException($"the attack cannot be crafted: {e.Message}", e);
        }
    }

    /// <summary>The targets that are shown every iterate.</summary>
    sealed class OpenTargets : IDisposable
    {
        readonly List<TrainedView> _opened = [];

        public IEnumerable<IClassifier> Views => _opened.Select(target => target.View);

        public void Add(TrainedView target) => _opened.Add(target);

        public void Dispose()
        {
            foreach (var target in _opened) target.Dispose();
        }
    }

    /// <summary>What the targets answered, in order.</summary>
    sealed class TargetCounts : IDisposable
    {
        readonly List<ShardCount> _shards = [];

        public List<AggregatedCount> Results { get; } = [];

        /// <summary>The same with what is resampled, where this job is a shard.</summary>
        public IReadOnlyList<ShardCount> Shards => _shards;

        public void Add(ShardCount shard)
        {
            _shards.Add(shard);
            Results.Add(shard.Count);
        }

        public void Dispose()
        {
            foreach (var shard in _shards) shard.Dispose();
        }
    }
}
