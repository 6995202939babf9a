using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Weights;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Data;

public sealed class TeacherLabelsTests : IDisposable
{
    readonly string _path = Path.GetTempFileName();

    static readonly DatasetSpec Dataset = new() { Name = DatasetName.Synthetic, TrainImages = 3, TestImages = 0 };

    public void Dispose() => File.Delete(_path);

    static float[] Rows(params float[] first) => [.. first, .. Enumerable.Repeat(0.1f, 20)];

    void Write(float[] votes, long[] shape, IReadOnlyDictionary<string, string>? metadata = null)
    {
        using var scope = NewDisposeScope();
        var writer = new SafetensorsWriter(
            new Dictionary<string, Tensor> { ["votes"] = tensor(votes, shape) },
            metadata ?? TeacherLabels.Metadata(DatasetName.Synthetic, DataSplit.Train, 3, 16));
        using var stream = File.Create(_path);
        writer.WriteTo(stream);
    }

    string Refusal() => Should.Throw<RunInputException>(() =>
    {
        using var scope = NewDisposeScope();
        TeacherLabels.Read(_path, Aggregation.Votes, Dataset, DefaultDevice.OfProcess);
    }).Message;

    [DeviceFact]
    public void Labels_of_the_training_images_are_read()
    {
        Write(Rows(0, 0, 0.25f, 0, 0.75f, 0, 0, 0, 0, 0), [3, 10]);

        using var scope = NewDisposeScope();
        var labels = TeacherLabels.Read(_path, Aggregation.Votes, Dataset, DefaultDevice.OfProcess);

        labels.shape.ShouldBe([3, 10]);
        labels.cpu().data<float>().ToArray()[4].ShouldBe(0.75f);
    }

    [DeviceFact]
    public void Labels_of_other_images_are_refused()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], TeacherLabels.Metadata(DatasetName.Synthetic, DataSplit.Test, 3, 16));
        Refusal().ShouldContain("split = Test");

        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], TeacherLabels.Metadata(DatasetName.Cifar10, DataSplit.Train, 3, 16));
        Refusal().ShouldContain("dataset = Cifar10");

        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], new Dictionary<string, string>());
        Refusal().ShouldContain("nothing");
    }

    [DeviceFact]
    public void Labels_of_another_size_are_refused()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [5, 6]);

        Refusal().ShouldContain("F32 [5, 6], expected F32 [3, 10]");
    }

    [DeviceFact]
    public void Rows_that_are_no_distribution_are_refused()
    {
        Write(Rows(1, 0.5f, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("row 0 of 'votes' sums to 1.5");

        Write(Rows(1.5f, -0.5f, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("-0.5 in row 0");

        Write(Rows(float.NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("NaN in row 0");
    }

    [DeviceFact]
    public void A_missing_aggregation_is_named()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);

        Should.Throw<RunInputException>(() => TeacherLabels.Read(_path, Aggregation.MeanProbability, Dataset, DefaultDevice.OfProcess)).Message.ShouldContain("no tensor 'mean_probability'; it holds votes");
    }

    void WriteViews(LabelViews views, byte[]? classes = null)
    {
        using var scope = NewDisposeScope();
        var metadata = TeacherLabels.Metadata(DatasetName.Synthetic, DataSplit.Train, 3, 16);
        foreach (var (key, value) in TeacherLabels.ViewMetadata(views, 7)) metadata.Add(key, value);
        var tensors = new Dictionary<string, Tensor> { ["votes"] = full([views.Count, 3, 10], 0.1f) };
        if (classes is not null) tensors.Add(TeacherLabels.Classes, tensor(classes, [classes.Length], ScalarType.Byte));
        using var stream = File.Create(_path);
        new SafetensorsWriter(tensors, metadata).WriteTo(stream);
    }

    static readonly LabelViews TwoViews = new(new AugmentationSpec { CropPadding = 4, Flip = true }, 2);

    Tensor ReadViews(LabelViews views, long seed, params byte[] classes) => TeacherLabels.Read(_path, Aggregation.Votes, Dataset, views, seed, classes, DefaultDevice.OfProcess);

    [DeviceFact]
    public void Labels_of_other_views_are_refused()
    {
        using var scope = NewDisposeScope();
        WriteViews(TwoViews);

        ReadViews(TwoViews, 7).shape.ShouldBe([2, 3, 10]);
        Should.Throw<RunInputException>(() => ReadViews(TwoViews with { Count = 3 }, 7)).Message.ShouldContain("views = 2");
        Should.Throw<RunInputException>(() => ReadViews(TwoViews with { Augmentation = TwoViews.Augmentation with { CropPadding = 2 } }, 7)).Message.ShouldContain("cropPadding = 4");
        Should.Throw<RunInputException>(() => ReadViews(TwoViews, 8)).Message.ShouldContain("seed = 7");
        Should.Throw<RunInputException>(() => TeacherLabels.Read(_path, Aggregation.Votes, Dataset, DefaultDevice.OfProcess)).Message.ShouldContain("F32 [2, 3, 10], expected F32 [3, 10]");
    }

    [DeviceFact]
    public void A_file_whose_rows_are_of_other_images_names_the_first_of_them()
    {
        using var scope = NewDisposeScope();
        WriteViews(TwoViews, [4, 0, 9]);

        ReadViews(TwoViews, 7, 4, 0, 9).shape.ShouldBe([2, 3, 10]);
        Should.Throw<RunInputException>(() => ReadViews(TwoViews, 7, 4, 9, 0)).Message.ShouldContain("row 1 was made for an image of class 0, but training image 1 has class 9");
        WriteViews(TwoViews, [4, 0]);
        Should.Throw<RunInputException>(() => ReadViews(TwoViews, 7, 4, 0, 9)).Message.ShouldContain("'classes' is U8 [2], expected U8 [3]");
    }
}
