using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

public sealed class LabelViewsRunTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-views-").FullName;
    readonly TeacherInputs _teacher;

    public LabelViewsRunTests() => _teacher = new TeacherInputs(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static readonly LabelViews Two = new(new AugmentationSpec { CropPadding = 4, Flip = true }, 2);

    [DeviceFact]
    public void The_label_of_a_view_is_the_answer_about_that_view()
    {
        var weights = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Plain, TinyExperiment.Clean(1)))).Output(OutputNames.Weights);
        var inputs = new Dictionary<string, string> { [InputRoles.Weights] = _teacher.Save(weights, "weights") };

        var run = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Train, draws: 3) with { LabelViews = Two }, inputs));

        using var scope = NewDisposeScope();
        var images = SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages);
        var labels = TeacherLabels.Read(
            _teacher.Save(run.Output(OutputNames.Labels), "labels"), Aggregation.MeanProbability, TinyExperiment.Dataset, Two, 7, images.Labels, DefaultDevice.OfProcess);
        labels.shape.ShouldBe([2, TinyExperiment.TrainImages, 10]);
        using var network = TrainedNetwork.Load(TinyExperiment.Plain, inputs[InputRoles.Weights], new SeedTree(7), DefaultDevice.OfProcess);
        using var bytes = new DeviceImages(images, DefaultDevice.OfProcess);
        var right = 0;
        for (var v = 0; v < 2; v++)
        {
            using var crop = new CropAndFlip(Two.Augmentation, new SeedTree(7), FixedViews.All(v, images.Count), DefaultDevice.OfProcess);
            using var withoutGraph = no_grad();
            var answers = network.Module.call(crop.Apply(bytes, arange(0, images.Count, 1, ScalarType.Int64))).softmax(1);
            LargestDifference(labels.select(0, v), answers).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
            right += Integers(answers.argmax(1)).Zip(images.Labels).Count(p => p.First == p.Second);
        }
        var count = run.Result<SmoothingEvalResult>().Count;
        count.Images.ShouldBe(2 * TinyExperiment.TrainImages);
        count.Correct(Aggregation.Votes).ShouldBe(right);
    }

    [DeviceFact]
    public void A_file_of_views_repeats_itself_holds_the_classes_and_draws_anew_for_every_view()
    {
        var payload = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 1) with { LabelViews = new(new() { CropPadding = 0, Flip = false }, 2) };
        var inputs = _teacher.Weights(InputRoles.Weights);

        var labels = RecordedRun.Of(RecordedRun.Request(payload, inputs)).Output(OutputNames.Labels);

        RecordedRun.Of(RecordedRun.Request(payload, inputs)).Output(OutputNames.Labels).ShouldBe(labels);
        using var file = SafetensorsReader.Open(_teacher.Save(labels, "labels"));
        using var scope = NewDisposeScope();
        file.Load(TeacherLabels.Classes).bytes.ToArray().ShouldBe(SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages).Labels);
        // The same pixels twice: only the draws can differ.
        var probabilities = file.Load(TeacherLabels.MeanProbability);
        LargestDifference(probabilities.select(0, 0), probabilities.select(0, 1)).ShouldBeGreaterThan(1e-5);
    }

    [DeviceFact]
    public void Stopped_it_ends_between_two_draws()
    {
        var stop = new StopSignal();
        var run = RecordedRun.Of(
            RecordedRun.Request(TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 3) with { LabelViews = Two }, _teacher.Weights(InputRoles.Weights)),
            stop: stop, killAfter: e =>
            {
                if (e is ProgressMade) stop.Request(StopReason.Drain);
                return false;
            });

        run.Events.Count.ShouldBe(2);
        run.Events[^1].ShouldBe(new RunStopped(StopReason.Drain));
    }
}
