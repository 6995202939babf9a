using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class EvaluationRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-eval-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    string Weights(NetworkShape network, int epochs = 2)
    {
        var path = Path.Combine(_folder, $"{Guid.NewGuid()}.safetensors");
        var training = TinyExperiment.Clean(epochs) with { Augmentation = new() { CropPadding = 0, Flip = false } };
        File.WriteAllBytes(path, RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(network, training))).Output(OutputNames.Weights));
        return path;
    }

    static Dictionary<string, string> Of(string weights) => new() { [InputRoles.Weights] = weights };

    static TransferAttackPayload Transfer(NetworkShape attacker, AttackSpec attack, params TargetShape[] targets) => new()
    {
        Seed = 7, Dataset = TinyExperiment.Dataset, Compute = TinyExperiment.Compute, View = TinyExperiment.View(attacker), Attack = attack, Images = 30, Targets = targets, CurveDraws = 0,
    };

    RecordedRun Attack(TransferAttackPayload payload, string attacker, params string[] targets)
    {
        var inputs = Of(attacker);
        for (var i = 0; i < targets.Length; i++) inputs[InputRoles.Target(i)] = targets[i];
        return RecordedRun.Of(RecordedRun.Request(payload, inputs));
    }

    [DeviceFact]
    public void An_evaluation_repeats_itself_to_the_last_digit()
    {
        var weights = Weights(TinyExperiment.Colored);
        var payload = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 5, sigma: 0.1);

        var once = RecordedRun.Of(RecordedRun.Request(payload, Of(weights)));
        var again = RecordedRun.Of(RecordedRun.Request(payload, Of(weights)));

        again.Output(OutputNames.Labels).ShouldBe(once.Output(OutputNames.Labels));
        again.Result<SmoothingEvalResult>().Count.ShouldBe(once.Result<SmoothingEvalResult>().Count);
    }

    [DeviceFact]
    public void Labels_are_shares_of_the_draws_and_fit_a_training()
    {
        var payload = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 5);
        var run = RecordedRun.Of(RecordedRun.Request(payload, Of(Weights(TinyExperiment.Colored))));
        var path = Path.Combine(_folder, "labels.safetensors");
        File.WriteAllBytes(path, run.Output(OutputNames.Labels));

        using var scope = NewDisposeScope();
        var votes = TeacherLabels.Read(path, Aggregation.Votes, TinyExperiment.Dataset, DefaultDevice.OfProcess);
        var soft = TeacherLabels.Read(path, Aggregation.MeanProbability, TinyExperiment.Dataset, DefaultDevice.OfProcess);

        votes.mul(5).cpu().data<float>().ToArray().ShouldAllBe(v => Math.Abs(v - MathF.Round(v)) < 1e-5);
        soft.shape.ShouldBe([TinyExperiment.TrainImages, 10]);
        var labels = SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages).Labels;
        var right = votes.argmax(1).cpu().data<long>().ToArray().Zip(labels).Count(p => p.First == p.Second);
        run.Result<SmoothingEvalResult>().Count.Correct(Aggregation.Votes).ShouldBe(right);
    }

    [DeviceFact]
    public void Labels_and_reports_come_from_different_draws()
    {
        var weights = Weights(TinyExperiment.Colored);
        var train = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 1) with { Images = 30 };
        var test = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Test, draws: 1) with { KeepLabels = true };

        // Same network, same number of the draw: only stream and images differ, so the noisy weights must.
        var labels = Floats(RecordedRun.Of(RecordedRun.Request(train, Of(weights))).Output(OutputNames.Labels));
        var report = Floats(RecordedRun.Of(RecordedRun.Request(test, Of(weights))).Output(OutputNames.Labels));

        labels.ShouldNotBe(report);
    }

    float[] Floats(byte[] file)
    {
        var path = Path.Combine(_folder, "some.safetensors");
        File.WriteAllBytes(path, file);
        using var reader = SafetensorsReader.Open(path);
        using var tensor = reader.Load(TeacherLabels.MeanProbability);
        return tensor.cpu().data<float>().ToArray();
    }

    [DeviceFact]
    public void A_deterministic_network_is_asked_once_and_counts_as_all_draws()
    {
        var weights = Weights(TinyExperiment.Plain);

        var run = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, draws: 1000), Of(weights)));

        var count = run.Result<SmoothingEvalResult>().Count;
        count.Draws.ShouldBe(1000);
        count.Correct(Aggregation.Votes).ShouldBe(count.Correct(Aggregation.MeanProbability));
        run.Events.OfType<ProgressMade>().Count().ShouldBe(1);
    }

    [DeviceFact]
    public void An_attack_of_radius_zero_is_the_clean_accuracy()
    {
        var weights = Weights(TinyExperiment.Colored);
        var nothing = TinyExperiment.Attack with { Epsilon = Fraction.Of(0), RandomStart = false };
        var target = new TargetShape(TinyExperiment.View(TinyExperiment.Colored, 0.1), 5, null);

        var attacked = Attack(Transfer(TinyExperiment.Colored, nothing, target), weights, weights).Result<TransferAttackResult>();
        var clean = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Test, 5, 0.1), Of(weights))).Result<SmoothingEvalResult>();

        attacked.Targets.Single().ShouldBe(clean.Count);
        attacked.LargestPerturbation.ShouldBe(0);
    }

    [DeviceFact]
    public void A_target_answers_alike_whoever_else_is_asked()
    {
        var (plain, colored) = (Weights(TinyExperiment.Plain), Weights(TinyExperiment.Colored));
        var first = new TargetShape(TinyExperiment.View(TinyExperiment.Plain), 1, null);
        var second = new TargetShape(TinyExperiment.View(TinyExperiment.Colored), 3, null);

        var both = Attack(Transfer(TinyExperiment.Colored, TinyExperiment.Attack, first, second), colored, plain, colored).Result<TransferAttackResult>();
        var alone = Attack(Transfer(TinyExperiment.Colored, TinyExperiment.Attack, second), colored, colored).Result<TransferAttackResult>();

        both.Targets[1].ShouldBe(alone.Targets[0]);
        both.Survivors.ShouldBe(alone.Survivors);
    }

    [DeviceFact]
    public void An_attack_on_a_trained_network_lowers_its_accuracy_inside_the_ball()
    {
        var weights = Weights(TinyExperiment.Plain, epochs: 30);
        var attack = TinyExperiment.Attack with { Epsilon = Fraction.Of(30, 255), StepSize = Fraction.Of(8, 255), Steps = 10, RandomStart = false };

        var run = Attack(Transfer(TinyExperiment.Plain, attack, new TargetShape(TinyExperiment.View(TinyExperiment.Plain), 1, null)), weights, weights);

        var result = run.Result<TransferAttackResult>();
        result.Survivors.Count.ShouldBe(11);
        result.Survivors.ShouldBeInOrder(SortDirection.Descending);
        result.CorrectAtStep[0].ShouldBe(result.Survivors[0]);
        result.Targets.Single().Correct(Aggregation.Votes).ShouldBeLessThan(result.Survivors[0] / 2);
        result.LargestPerturbation.ShouldBeInRange(29 / 255.0, (30 / 255.0) + 1e-6);
        run.Metrics.Where(m => m.Series == MetricSeries.AttackSurvivors).Select(m => m.Value).ShouldBe(result.Survivors.Select(s => s / 30.0));
    }

    [DeviceFact]
    public void Stops_are_honoured_between_batches()
    {
        var weights = Weights(TinyExperiment.Colored);
        foreach (var reason in new[] { StopReason.Cancel, StopReason.Drain })
        {
            var stop = new StopSignal();
            var run = RecordedRun.Of(
                RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Test, 50), Of(weights)), stop: stop,
                killAfter: e => { stop.Request(reason); return false; });

            run.Events.Count.ShouldBe(2);
            run.Events[^1].ShouldBe(new RunStopped(reason));
        }
    }

    [DeviceFact]
    public void A_draw_about_many_images_tells_how_far_it_is_and_is_stopped_between_its_batches()
    {
        var payload = TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, 1) with { Dataset = TinyExperiment.Dataset with { TestImages = 600 } };
        var weights = Weights(TinyExperiment.Plain);
        var stop = new StopSignal();
        var run = RecordedRun.Of(RecordedRun.Request(payload with { Images = 600 }, Of(weights)), stop: stop, killAfter: e => { stop.Request(StopReason.Cancel); return false; });

        var told = run.Events[0].ShouldBeOfType<ProgressMade>().Progress;
        told.Done.ShouldBeGreaterThan(0);
        told.Done.ShouldBeLessThan(1);
        told.Accuracy.ShouldBeNull(); // no draw has been counted
        run.Events[^1].ShouldBe(new RunStopped(StopReason.Cancel));
    }

    [DeviceFact]
    public void Weights_of_another_network_are_refused()
    {
        var weights = Weights(TinyExperiment.Plain);

        Should.Throw<RunInputException>(() => RecordedRun.Of(RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Test, 2), Of(weights))))
            .Message.ShouldContain("does not fit the network");
    }
}
