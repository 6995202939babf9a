using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>What each switch of a training does to a whole run.</summary>
public sealed class TrainSwitchTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-switches-").FullName;
    readonly TeacherInputs _teacher;

    public TrainSwitchTests() => _teacher = new TeacherInputs(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static readonly TrainingSpec Clean = TinyExperiment.Clean(2) with { Schedule = new ConstantScheduleSpec() };

    static TrainPayload Plain(TrainingSpec training) => TinyExperiment.Train(TinyExperiment.Plain, training);

    static RecordedRun Run(TrainPayload payload, IReadOnlyDictionary<string, string>? inputs = null) => RecordedRun.Of(RecordedRun.Request(payload, inputs));

    // Of a file's tensor, as one number.
    double Sum(byte[] file, string tensor)
    {
        using var reader = SafetensorsReader.Open(_teacher.Save(file, "some"));
        using var scope = NewDisposeScope();
        return reader.Load(tensor).to(ScalarType.Float64).sum().item<double>();
    }

    /// <summary>Fact 4: an adversarial training left in evaluation mode never takes a statistic, a monitored one none after its first look.</summary>
    [DeviceTheory]
    [InlineData(BatchNormMode.Training, null, false, 6)]
    [InlineData(BatchNormMode.Training, 1, true, 9)]
    [InlineData(BatchNormMode.Evaluation, null, false, 0)]
    [InlineData(BatchNormMode.LeftInEvaluation, null, false, 6)]
    [InlineData(BatchNormMode.LeftInEvaluation, 0, false, 0)]
    [InlineData(BatchNormMode.LeftInEvaluation, 1, false, 3)]
    [InlineData(BatchNormMode.LeftInEvaluation, null, true, 3)]
    public void Batch_norm_takes_statistics_as_its_mode_says(BatchNormMode mode, int? adversarialFrom, bool monitored, int batches)
    {
        var run = Run(Plain(Clean with
        {
            BatchNorm = mode,
            Adversarial = adversarialFrom is { } epoch ? TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = epoch } : null,
            Monitor = monitored ? new MonitorSpec { Every = 1, Images = 5, Attack = null } : null,
        }));

        var weights = run.Output(OutputNames.Weights);
        Sum(weights, "bn1.num_batches_tracked").ShouldBe(batches);
        (Sum(weights, "bn1.running_mean") == 0).ShouldBe(batches == 0);
    }

    [DeviceTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_best_weights_are_those_that_selection_looked_at(bool average)
    {
        // Looked at once, at the end.
        var run = Run(Plain(Clean with
        {
            Average = average ? new AverageSpec { Decay = 0.5 } : null,
            Selection = new SelectionSpec { From = SelectionSet.Test, Images = 12, Every = 2, Attack = null },
        }));

        run.Output(OutputNames.Best).ShouldBe(run.Output(average ? OutputNames.Average : OutputNames.Weights));
        var point = run.Metrics.Single(m => m.Series == MetricSeries.SelectionAccuracy);
        run.Result<TrainResult>().Selected.ShouldBe(new SelectedEpoch(2, point.Value, 12));
        run.Checkpoints.Count(c => c.Event.Role == CheckpointRole.Output).ShouldBe(average ? 3 : 2);
    }

    [DeviceFact]
    public void The_best_epoch_has_the_highest_accuracy_and_of_equal_ones_the_later_stays()
    {
        var run = Run(Plain(Clean with { Epochs = 4, Selection = new SelectionSpec { From = SelectionSet.HeldOut, Images = 8, Every = 1, Attack = TinyExperiment.Attack } }));

        var seen = run.Metrics.Where(m => m.Series == MetricSeries.SelectionAccuracy).ToList();
        var best = seen.Last(m => m.Value == seen.Max(s => s.Value));
        run.Result<TrainResult>().Selected.ShouldBe(new SelectedEpoch(best.Epoch, best.Value, 8));
        var then = run.Checkpoints.Single(c => c.Event.Role == CheckpointRole.Resume && c.Event.Epoch == best.Epoch).Bytes;
        Sum(run.Output(OutputNames.Best), "conv1.weight").ShouldBe(Sum(then, "model/conv1.weight"));
    }

    [DeviceFact]
    public void Held_out_images_are_not_trained_on()
    {
        var selection = new SelectionSpec { From = SelectionSet.HeldOut, Images = 24, Every = 2, Attack = null };

        var run = Run(Plain(Clean with { Selection = selection }));
        var less = Run(Plain(Clean) with { Dataset = TinyExperiment.Dataset with { TrainImages = 16 } });

        run.Output(OutputNames.Weights).ShouldBe(less.Output(OutputNames.Weights));
    }

    [DeviceFact]
    public void Selecting_on_test_images_does_not_change_the_training()
    {
        var selected = Run(Plain(Clean with { Selection = new SelectionSpec { From = SelectionSet.Test, Images = 20, Every = 1, Attack = TinyExperiment.Attack } }));

        selected.Output(OutputNames.Weights).ShouldBe(Run(Plain(Clean)).Output(OutputNames.Weights));
    }

    [DeviceFact(NoStandIn = "it has no autocast")]
    public void Bfloat16_trains_nearly_as_float32_and_keeps_float32_weights()
    {
        var spec = Clean with { Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0 }, Epochs = 1, Optimizer = TinyExperiment.Adam with { LearningRate = 1e-3 } };

        var reduced = Run(TinyExperiment.Train(TinyExperiment.Colored, spec) with { Compute = TinyExperiment.Compute with { Precision = Precision.Bfloat16 } });
        var full = Run(TinyExperiment.Train(TinyExperiment.Colored, spec));

        var (a, b) = (reduced.Result<TrainResult>().FinalLoss, full.Result<TrainResult>().FinalLoss);
        a.ShouldNotBe(b);
        a.ShouldBe(b, 0.03 * b);
        using var reader = SafetensorsReader.Open(_teacher.Save(reduced.Output(OutputNames.Weights), "reduced"));
        reader.Find("conv1.weight")!.Type.ShouldBe(ElementType.F32);
    }

    static byte[] TrueClasses => SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages).Labels;

    static Tensor OneHot(IEnumerable<long> classes)
    {
        using var scope = NewDisposeScope();
        return nn.functional.one_hot(from_array(classes.ToArray()), 10).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <summary>Fact 3: labels in file order are those of other images as soon as images are shuffled.</summary>
    [DeviceTheory]
    [InlineData(LabelOrder.Image)]
    [InlineData(LabelOrder.FileOrder)]
    public void Labels_belong_to_their_images_unless_they_come_in_file_order(LabelOrder order)
    {
        using var scope = NewDisposeScope();
        var classes = TrueClasses;
        // One batch an epoch: file order is then 0, 1, 2, ...
        var spec = Clean with { Epochs = 1, BatchSize = 40, MicroBatch = 7, Distillation = TinyExperiment.Distillation with { Order = order } };

        var run = Run(Plain(spec), _teacher.Votes(OneHot(classes.Select(c => (long)c))));

        var shuffled = EpochOrder.Of(new SeedTree(7), 0, classes.Length);
        var expected = order == LabelOrder.Image ? 1 : shuffled.Select((image, row) => classes[image] == classes[row]).Count(same => same) / 40.0;
        run.Metrics.Single(m => m.Series == MetricSeries.LabelAgreement).Value.ShouldBe(expected, 1e-9);
        expected.ShouldBe(order == LabelOrder.Image ? 1 : 0.1, 0.2);
    }

    [DeviceFact]
    public void An_image_gets_the_label_of_the_view_it_is_seen_in()
    {
        using var scope = NewDisposeScope();
        var classes = TrueClasses.Select(c => (long)c).ToArray();
        var views = new LabelViews(Clean.Augmentation, 2);
        // The first view is labelled rightly, the second wrongly.
        var labels = stack([OneHot(classes), OneHot(classes.Select(c => (c + 1) % 10))]);
        var spec = Clean with { Epochs = 1, Distillation = TinyExperiment.Distillation with { Labels = new CachedLabelsSpec { Views = 2 } } };

        var run = Run(Plain(spec), _teacher.Votes(labels, views));

        var expected = FixedViews.Chosen(new SeedTree(7), 0, classes.Length, 2).Count(view => view == 0) / 40.0;
        run.Metrics.Single(m => m.Series == MetricSeries.LabelAgreement).Value.ShouldBe(expected, 1e-9);
        expected.ShouldBeInRange(0.2, 0.8);
    }

    [DeviceFact]
    public void Fixed_views_are_seen_in_place_of_fresh_ones()
    {
        using var scope = NewDisposeScope();
        var classes = TrueClasses.Select(c => (long)c).ToArray();
        // w = 0: labels teach nothing, only the pixels can differ.
        var distillation = TinyExperiment.Distillation with { Weight = 0 };
        var inputs = _teacher.Votes(OneHot(classes));
        var viewed = _teacher.Votes(OneHot(classes).unsqueeze(0), new LabelViews(Clean.Augmentation, 1));

        var fresh = Run(Plain(Clean with { Distillation = distillation }), inputs);
        var @fixed = Run(Plain(Clean with { Distillation = distillation with { Labels = new CachedLabelsSpec { Views = 1 } } }), viewed);

        fresh.Output(OutputNames.Weights).ShouldBe(Run(Plain(Clean)).Output(OutputNames.Weights));
        @fixed.Output(OutputNames.Weights).ShouldNotBe(fresh.Output(OutputNames.Weights));
    }

    [DeviceFact]
    public void A_teacher_asked_about_the_perturbed_images_teaches_something_else()
    {
        var inputs = _teacher.Weights(InputRoles.Teacher);
        byte[] Weights(LossReadingSpec reading) => Run(
            Plain(Clean with
            {
                Epochs = 1,
                Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0 },
                Distillation = TinyExperiment.Distillation with { Labels = new OnlineLabelsSpec { Draws = 2 }, Reading = reading },
            }) with { Teacher = TinyExperiment.View(TinyExperiment.Colored) },
            inputs).Output(OutputNames.Weights);

        Weights(new TeacherOnAdversarialReadingSpec()).ShouldNotBe(Weights(new AsCodedReadingSpec()));
    }

    /// <summary>Weights of 0 keep the labels out of the loss that is learned, so what they still change, they change through the attack.</summary>
    [DeviceTheory]
    [InlineData(AttackLoss.CrossEntropy, true)]
    [InlineData(AttackLoss.Distillation, false)]
    public void An_attack_on_the_distillation_loss_asks_the_teachers_labels(AttackLoss loss, bool same)
    {
        var training = Clean with
        {
            Epochs = 1,
            Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0, Attack = TinyExperiment.Attack with { Loss = loss } },
            Distillation = TinyExperiment.Distillation with { Weight = 0, AdversarialWeight = 0 },
        };
        byte[] Weights(int shift) =>
            Run(Plain(training), _teacher.Votes(OneHot(TrueClasses.Select(c => (long)(c + shift) % 10)))).Output(OutputNames.Weights);

        (Weights(0).AsSpan().SequenceEqual(Weights(1))).ShouldBe(same);
    }

    [DeviceFact]
    public void A_training_without_its_online_teacher_says_which_input_is_missing()
    {
        var payload = Plain(Clean with { Distillation = TinyExperiment.Distillation with { Labels = new OnlineLabelsSpec { Draws = 2 } } }) with { Teacher = TinyExperiment.View(TinyExperiment.Colored) };

        Should.Throw<RunInputException>(() => Run(payload)).Message.ShouldContain("the input 'teacher' is missing");
    }
}
