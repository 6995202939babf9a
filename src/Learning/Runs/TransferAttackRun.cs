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
    readonly SeedTree _seeds = new(payload.Seed);
    long _ordinal;

    /// <inheritdoc/>
    public IEnumerable<RunEvent> Execute(StopSignal stop)
    {
        var provenance = ComputeEnvironment.Pin(payload.Compute);
        var clock = new ProgressClock(time);
        using var images = EvaluationImages.Open(payload, DataSplit.Test, payload.Images, request.DataFolder);
        using var perturbed = new PerturbedImages(images);

        var curves = new List<TargetCurve>();
        foreach (var told in Craft(images, perturbed, curves, clock, stop)) yield return told;
        if (stop.Requested is { } early)
        {
            yield return new RunStopped(early);
            yield break;
        }
        var curve = perturbed.Curve ?? throw new InvalidOperationException("no image was attacked");
        yield return new MetricsRecorded(Points(curve));

        var counts = new List<AggregatedCount>();
        for (var i = 0; i < payload.Targets.Count; i++)
        {
            foreach (var told in JudgeTarget(i, images, perturbed, counts, clock, stop)) yield return told;
            if (stop.Requested is { } reason)
            {
                yield return new RunStopped(reason);
                yield break;
            }
        }
        yield return new RunFinished(new TransferAttackResult
        {
            Seconds = clock.Seconds,
            Provenance = provenance,
            Images = payload.Images,
            Survivors = curve.Survivors,
            CorrectAtStep = curve.CorrectAtStep,
            Targets = counts,
            TargetCurves = curves,
            LargestPerturbation = curve.LargestPerturbation,
        });
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

    IEnumerable<RunEvent> JudgeTarget(int index, DeviceImages images, PerturbedImages perturbed, List<AggregatedCount> counts, ProgressClock clock, StopSignal stop)
    {
        var target = payload.Targets[index];
        using var opened = OpenTarget(index, images.Device);
        using var judge = new Judge(opened.View, perturbed.Images, images.AllLabels, RandomStream.Report, target.Draws, _seeds, target.StopFor);
        while (!judge.Finished && stop.Requested is null)
        {
            if (clock.Due(judge.Advance()))
                yield return new ProgressMade(judge.Progress($"judge target {index + 1} of {payload.Targets.Count}", judge.DrawsDone, judge.DrawsNeeded, clock) with { SecondsLeft = null });
        }
        if (stop.Requested is null) counts.Add(judge.Result());
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

    List<MetricPoint> Points(AttackCurve curve)
    {
        var points = new List<MetricPoint>();
        for (var k = 0; k < curve.Survivors.Count; k++)
        {
            points.Add(new(_ordinal++, MetricSeries.AttackSurvivors, 0, k, (double)curve.Survivors[k] / curve.Images));
            points.Add(new(_ordinal++, MetricSeries.AttackCurrent, 0, k, (double)curve.CorrectAtStep[k] / curve.Images));
        }
        return points;
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
}
