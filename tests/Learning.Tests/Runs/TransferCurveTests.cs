using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Networks that were trained once for all tests of a class.</summary>
public sealed class TrainedFiles : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-curves-").FullName;

    public TrainedFiles() => (Plain, Colored) = (Train(TinyExperiment.Plain, 8), Train(TinyExperiment.Colored, 2));

    public string Plain { get; }

    public string Colored { get; }

    string Train(NetworkShape network, int epochs)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.safetensors");
        File.WriteAllBytes(path, RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(network, TinyExperiment.Clean(epochs)))).Output(OutputNames.Weights));
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}

public sealed class TransferCurveTests(TrainedFiles files) : IClassFixture<TrainedFiles>
{
    static readonly TargetShape PlainTarget = new(TinyExperiment.View(TinyExperiment.Plain), 1, null);
    static readonly TargetShape ColoredTarget = new(TinyExperiment.View(TinyExperiment.Colored, 0.1), 3, null);

    string FileOf(NetworkShape network) => network.Noise is NoNoiseSpec ? files.Plain : files.Colored;

    RunRequest Request(NetworkShape attacker, AttackSpec attack, int curveDraws, int images, params TargetShape[] targets)
    {
        var payload = new TransferAttackPayload
        {
            Seed = 7, Dataset = TinyExperiment.Dataset with { TestImages = images }, Compute = TinyExperiment.Compute, View = TinyExperiment.View(attacker),
            Attack = attack, Images = images, Targets = targets, CurveDraws = curveDraws,
        };
        var inputs = new Dictionary<string, string> { [InputRoles.Weights] = FileOf(attacker) };
        for (var i = 0; i < targets.Length; i++) inputs[InputRoles.Target(i)] = FileOf(targets[i].View.Network);
        return RecordedRun.Request(payload, inputs);
    }

    TransferAttackResult Run(NetworkShape attacker, AttackSpec attack, int curveDraws, params TargetShape[] targets) =>
        RecordedRun.Of(Request(attacker, attack, curveDraws, 30, targets)).Result<TransferAttackResult>();

    static PgdSpec Attack => Networks.Attack(steps: 3, epsilon: 12 / 255.0, step: 4 / 255.0);

    static IEnumerable<int> Flat(TargetCurve curve) => curve.Curves.SelectMany(one => one.Correct);

    [DeviceFact]
    public void A_deterministic_network_attacked_by_itself_has_the_attackers_own_curve()
    {
        var result = Run(TinyExperiment.Plain, Attack, 5, PlainTarget);
        var curve = result.TargetCurves.Single();
        curve.Draws.ShouldBe(5);
        curve.Curves.ShouldAllBe(one => one.Correct.SequenceEqual(result.CorrectAtStep));
        curve.Curves.Select(one => one.Aggregation).ShouldBe(result.Targets[0].Aggregations.Select(count => count.Aggregation));
        curve.Of(Aggregation.Votes)[^1].ShouldBe(result.Targets[0].Correct(Aggregation.Votes));
        result.CorrectAtStep.Distinct().Count().ShouldBeGreaterThan(1, "a flat curve tells nothing");
    }

    [DeviceFact]
    public void Curves_change_no_other_number_and_depend_on_no_other_target()
    {
        var without = Run(TinyExperiment.Colored, Attack, 0, PlainTarget, ColoredTarget);
        var with = Run(TinyExperiment.Colored, Attack, 4, PlainTarget, ColoredTarget);
        var alone = Run(TinyExperiment.Colored, Attack, 4, ColoredTarget);
        without.TargetCurves.ShouldBeEmpty();
        with.TargetCurves.Count.ShouldBe(2);
        with.Survivors.ShouldBe(without.Survivors);
        with.CorrectAtStep.ShouldBe(without.CorrectAtStep);
        with.Targets.ShouldBe(without.Targets);
        with.LargestPerturbation.ShouldBe(without.LargestPerturbation);
        Flat(with.TargetCurves[1]).ShouldBe(Flat(alone.TargetCurves[0]));
        with.TargetCurves.ShouldAllBe(curve => curve.Curves.All(one => one.Correct.Count == 4));
    }

    [DeviceFact]
    public void With_restarts_and_the_best_iterate_the_curve_is_of_the_first_restarts_iterates()
    {
        var attack = Attack with { RandomStart = true };
        var single = Run(TinyExperiment.Colored, attack, 2, ColoredTarget);
        var best = Run(TinyExperiment.Colored, attack with { Restarts = 2, Keep = KeepIterate.Best, SelectingDraws = 2 }, 2, ColoredTarget);
        Flat(best.TargetCurves[0]).ShouldBe(Flat(single.TargetCurves[0]));
    }

    [DeviceFact]
    public void The_first_iterate_is_the_clean_image_judged_by_draws_of_its_own()
    {
        using var scope = NewDisposeScope();
        var result = Run(TinyExperiment.Plain, Attack, 3, ColoredTarget);
        using var target = TrainedView.Open(ColoredTarget.View, files.Colored, new SeedTree(7), DefaultDevice.OfProcess);
        using var images = new DeviceImages(SyntheticImages.Make(DataSplit.Test, 30), DefaultDevice.OfProcess);
        using var counts = SmoothedCounts.Of(target.View, images.AllBytes, Networks.Indices(30), RandomStream.ReportAt(0), 3, 64);
        foreach (var count in counts.Count(images.AllLabels).Aggregations)
            result.TargetCurves[0].Of(count.Aggregation)[0].ShouldBe(count.Correct);
    }

    [DeviceFact]
    public void Fgsm_has_a_curve_of_two_points()
    {
        var fgsm = new FgsmSpec { Norm = AttackNorm.L2, Epsilon = Fraction.Of(0.5), Loss = AttackLoss.Margin, Target = AttackTarget.None, Expectation = null };
        var result = Run(TinyExperiment.Plain, fgsm, 2, PlainTarget);
        result.TargetCurves[0].Of(Aggregation.MeanProbability).ShouldBe(result.CorrectAtStep);
        result.Survivors.Count.ShouldBe(2);
        result.LargestPerturbation.ShouldBeInRange(0.3, 0.5 + 1e-6);
    }

    [DeviceTheory]
    [InlineData(StopReason.Cancel)]
    [InlineData(StopReason.Drain)]
    public void Stops_are_honoured_between_batches_of_crafting(StopReason reason)
    {
        var stop = new StopSignal();
        var batch = EvaluationImages.BatchSize(DefaultDevice.OfProcess);
        var run = RecordedRun.Of(Request(TinyExperiment.Plain, Attack, 2, batch + 2, ColoredTarget), stop: stop,
            killAfter: told =>
            {
                stop.Request(reason);
                return false;
            });
        run.Events.Count.ShouldBe(2);
        var progress = run.Events[0].ShouldBeOfType<ProgressMade>().Progress;
        (progress.Phase, progress.Done, progress.Total).ShouldBe(("craft", (double)batch, batch + 2.0));
        run.Events[1].ShouldBe(new RunStopped(reason));
    }

    [DeviceFact]
    public void A_run_with_curves_holds_nothing_when_it_ends()
    {
        var request = Request(TinyExperiment.Colored, Attack, 2, 30, PlainTarget, ColoredTarget);
        RecordedRun.Of(request);
        var before = TensorStatistics.Live;
        RecordedRun.Of(request);
        TensorStatistics.Live.ShouldBe(before);
    }
}
