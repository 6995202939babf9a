using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Runs;

/// <summary>
/// Crafts an attack on one network and judges it on others, with draws that crafted nothing; white-box is a transfer to
/// itself. A pure function of its inputs: stopped, it is done again from the start.
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

        foreach (var told in Craft(images, perturbed, clock, stop)) yield return told;
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
            TargetCurves = [],
            LargestPerturbation = curve.LargestPerturbation,
        });
    }

    IEnumerable<RunEvent> Craft(DeviceImages images, PerturbedImages perturbed, ProgressClock clock, StopSignal stop)
    {
        using var attacker = Load(payload.View.Network, InputRoles.Weights, images.Device);
        using var view = NetworkView.Of(attacker, payload.View, _seeds);
        using var attack = new Pgd(payload.Attack, _seeds);
        while (perturbed.Done < images.Count && stop.Requested is null)
        {
            var count = Attack(() => perturbed.Extend(attack, view));
            if (clock.Due(count))
                yield return new ProgressMade(new JobProgress("craft", perturbed.Done, images.Count, "image", null,
                    (double)perturbed.Curve!.CorrectAtStep[^1] / perturbed.Done, clock.ImagesPerSecond, null));
        }
    }

    IEnumerable<RunEvent> JudgeTarget(int target, DeviceImages images, PerturbedImages perturbed, List<AggregatedCount> counts, ProgressClock clock, StopSignal stop)
    {
        var shape = payload.Targets[target];
        using var network = Load(shape.View.Network, InputRoles.Target(target), images.Device);
        using var view = NetworkView.Of(network, shape.View, _seeds);
        using var judge = new Judge(view, perturbed.Images, images.AllLabels, RandomStream.Report, shape.Draws, _seeds, shape.StopFor);
        while (!judge.Finished && stop.Requested is null)
        {
            if (clock.Due(judge.Advance()))
                yield return new ProgressMade(judge.Progress($"judge target {target + 1} of {payload.Targets.Count}", judge.DrawsDone, judge.DrawsNeeded, clock) with { SecondsLeft = null });
        }
        if (stop.Requested is null) counts.Add(judge.Result());
    }

    Network Load(NetworkShape shape, string role, Device device) => TrainedNetwork.Load(shape, request.File(role), _seeds, device);

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
}
