using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Runs;

public sealed class TrainRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-runs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Trainings => ["clean", "noisy-adversarial", "distilled", "distilled-adversarial", "momentum", "dropout-and-input-noise"];

    (TrainPayload Payload, IReadOnlyDictionary<string, string> Inputs) Training(string name, int epochs)
    {
        var clean = TinyExperiment.Clean(epochs);
        var none = new Dictionary<string, string>();
        return name switch
        {
            "clean" => (TinyExperiment.Train(TinyExperiment.Plain, clean), none),
            "noisy-adversarial" => (TinyExperiment.Train(TinyExperiment.Colored, clean with { Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch }), none),
            "distilled" => (TinyExperiment.Train(TinyExperiment.Plain, clean with { Distillation = TinyExperiment.Distillation }), Labels()),
            "distilled-adversarial" => (TinyExperiment.Train(TinyExperiment.Plain, clean with
            {
                Distillation = TinyExperiment.Distillation,
                Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch,
                Monitor = new MonitorSpec { Every = 2, Images = 20, Attack = TinyExperiment.Attack },
            }), Labels()),
            "momentum" => (TinyExperiment.Train(TinyExperiment.Plain, clean with
            {
                Optimizer = TinyExperiment.Sgd,
                Schedule = new StepScheduleSpec { Every = 2, Gamma = 0.1 },
            }), none),
            "dropout-and-input-noise" => (TinyExperiment.Train(
                TinyExperiment.Plain with { Architecture = TinyExperiment.Backbone with { Dropout = 0.3 } }, clean with { InputNoise = Networks.Pixels(0.1) }), none),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such training"),
        };
    }

    // Labels of an untrained teacher: what they say does not matter here, that they are its answers does.
    IReadOnlyDictionary<string, string> Labels()
    {
        var teacher = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Colored, TinyExperiment.Clean(1))));
        var weights = Save(teacher.Output(OutputNames.Weights), "teacher");
        var labels = RecordedRun.Of(RecordedRun.Request(
            TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 4),
            new Dictionary<string, string> { [InputRoles.Weights] = weights }));
        return new Dictionary<string, string> { [InputRoles.Labels] = Save(labels.Output(OutputNames.Labels), "labels") };
    }

    string Save(byte[] bytes, string name)
    {
        var path = Path.Combine(_folder, $"{name}.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    [DeviceTheory]
    [MemberData(nameof(Trainings))]
    public void A_run_killed_after_two_of_four_epochs_and_resumed_is_bit_equal_to_an_undisturbed_one(string name)
    {
        var (payload, inputs) = Training(name, epochs: 4);
        var undisturbed = RecordedRun.Of(RecordedRun.Request(payload, inputs));

        var killed = RecordedRun.Of(RecordedRun.Request(payload, inputs), killAfter: e => e is CheckpointTaken { Epoch: 2 });
        var resumed = RecordedRun.Of(RecordedRun.Request(payload, inputs, Save(killed.Checkpoints[^1].Bytes, "resume")));

        resumed.Output(OutputNames.Weights).ShouldBe(undisturbed.Output(OutputNames.Weights));
        killed.Metrics.Concat(resumed.Metrics).ShouldBe(undisturbed.Metrics);
        resumed.Result<TrainResult>().FinalLoss.ShouldBe(undisturbed.Result<TrainResult>().FinalLoss);
    }

    [DeviceTheory]
    [InlineData("noisy-adversarial", 2)]
    [InlineData("distilled-adversarial", 1)]
    [InlineData("distilled-adversarial", 3)]
    public void A_run_drained_inside_an_epoch_and_resumed_is_bit_equal_to_an_undisturbed_one(string name, int step)
    {
        var (payload, inputs) = Training(name, epochs: 2);
        var undisturbed = RecordedRun.Of(RecordedRun.Request(payload, inputs));

        // A progress line follows every step. After the third only the monitor is left to do.
        var stop = new StopSignal();
        var lines = 0;
        var drained = RecordedRun.Of(RecordedRun.Request(payload, inputs), stop: stop, killAfter: e =>
        {
            if (e is ProgressMade { Progress.Done: > 1 } && ++lines == step) stop.Request(StopReason.Drain);
            return false;
        });

        drained.Events[^1].ShouldBe(new RunStopped(StopReason.Drain));
        drained.Checkpoints[^1].Event.ShouldSatisfyAllConditions(c => c.Epoch.ShouldBe(1), c => c.Step.ShouldBe(step));
        var resumed = RecordedRun.Of(RecordedRun.Request(payload, inputs, Save(drained.Checkpoints[^1].Bytes, "resume")));
        resumed.Output(OutputNames.Weights).ShouldBe(undisturbed.Output(OutputNames.Weights));
        drained.Metrics.Concat(resumed.Metrics).ShouldBe(undisturbed.Metrics);
    }

    [DeviceFact]
    public void A_cancelled_run_stops_without_a_checkpoint()
    {
        var stop = new StopSignal();
        var run = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(2))), stop: stop, killAfter: e =>
        {
            if (e is ProgressMade) stop.Request(StopReason.Cancel);
            return false;
        });

        run.Events[^1].ShouldBe(new RunStopped(StopReason.Cancel));
        run.Checkpoints.ShouldBeEmpty();
    }

    [DeviceFact]
    public void Metrics_of_an_epoch_come_before_its_resume_point_and_the_weights_before_the_end()
    {
        var run = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(2))));

        run.Events.Where(e => e is not ProgressMade).Select(e => e.GetType().Name).ShouldBe(
        [
            nameof(MetricsRecorded), nameof(CheckpointTaken), nameof(MetricsRecorded), nameof(CheckpointTaken), nameof(CheckpointTaken), nameof(RunFinished),
        ]);
        run.Metrics.Select(m => m.Ordinal).ShouldBe(Enumerable.Range(0, run.Metrics.Count()).Select(i => (long)i));
        run.Metrics.Where(m => m.Series == MetricSeries.TrainLoss).Select(m => (m.Epoch, m.Step)).ShouldBe([(1, 3), (2, 6)]);
        run.Result<TrainResult>().Parameters.ShouldBeGreaterThan(70_000);
    }

    [DeviceFact]
    public void Every_term_of_the_loss_is_a_series()
    {
        var (payload, inputs) = Training("distilled-adversarial", epochs: 2);

        var series = RecordedRun.Of(RecordedRun.Request(payload, inputs)).Metrics.Where(m => m.Epoch == 2).ToDictionary(m => m.Series, m => m.Value);

        // w = 0.75, w' = 0.25, T = 2, a = 1/2.
        var clean = (0.25 * series["train/loss/clean"]) + (0.75 * 4 * series["train/loss/clean-distillation"]);
        var adversarial = (0.75 * series["train/loss/adversarial"]) + (0.25 * 4 * series["train/loss/adversarial-distillation"]);
        series["train/loss"].ShouldBe((0.5 * clean) + (0.5 * adversarial), 1e-5);
        series.ShouldContainKey(MetricSeries.MonitorAdversarial);
    }

    [DeviceTheory]
    [InlineData("clean")]
    [InlineData("noisy-adversarial")]
    public void Monitoring_does_not_change_the_training(string name)
    {
        var (payload, inputs) = Training(name, epochs: 2);
        var monitored = payload with { Training = payload.Training with { Monitor = new MonitorSpec { Every = 1, Images = 30, Attack = TinyExperiment.Attack } } };

        var run = RecordedRun.Of(RecordedRun.Request(monitored, inputs));

        run.Output(OutputNames.Weights).ShouldBe(RecordedRun.Of(RecordedRun.Request(payload, inputs)).Output(OutputNames.Weights));
        run.Metrics.Count(m => m.Series == MetricSeries.MonitorClean).ShouldBe(2);
    }

    [DeviceFact]
    public void Another_seed_gives_other_weights()
    {
        var payload = TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(1));

        RecordedRun.Of(RecordedRun.Request(payload with { Seed = 8 })).Output(OutputNames.Weights)
            .ShouldNotBe(RecordedRun.Of(RecordedRun.Request(payload)).Output(OutputNames.Weights));
    }

    [DeviceFact]
    public void A_training_that_diverges_says_so()
    {
        var payload = TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(12) with
        {
            // Every step multiplies the weights by about 1 - 100.
            Optimizer = TinyExperiment.Sgd with { LearningRate = 100, WeightDecay = 1 },
            Schedule = new ConstantScheduleSpec(),
        });

        Should.Throw<RunInputException>(() => RecordedRun.Of(RecordedRun.Request(payload))).Message.ShouldContain("training diverged in epoch");
    }

    [DeviceFact]
    public void A_resume_point_of_another_training_is_refused()
    {
        var payload = TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(2));
        var killed = RecordedRun.Of(RecordedRun.Request(payload), killAfter: e => e is CheckpointTaken);
        var resume = Save(killed.Checkpoints[^1].Bytes, "resume");

        Should.Throw<RunInputException>(() => RecordedRun.Of(RecordedRun.Request(payload with { Seed = 8 }, resumeFrom: resume)))
            .Message.ShouldContain("a resume point of another training");
    }

    [DeviceFact]
    public void A_distilling_training_without_labels_says_which_input_is_missing()
    {
        var (payload, _) = Training("distilled", epochs: 1);

        Should.Throw<RunInputException>(() => RecordedRun.Of(RecordedRun.Request(payload))).Message.ShouldContain("the input 'labels' is missing");
    }
}
