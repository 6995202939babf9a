using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Weights;
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
        TeacherLabels.Read(_path, Aggregation.Votes, Dataset, CPU);
    }).Message;

    [Fact]
    public void Labels_of_the_training_images_are_read()
    {
        Write(Rows(0, 0, 0.25f, 0, 0.75f, 0, 0, 0, 0, 0), [3, 10]);

        using var scope = NewDisposeScope();
        var labels = TeacherLabels.Read(_path, Aggregation.Votes, Dataset, CPU);

        labels.shape.ShouldBe([3, 10]);
        labels.data<float>().ToArray()[4].ShouldBe(0.75f);
    }

    [Fact]
    public void Labels_of_other_images_are_refused()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], TeacherLabels.Metadata(DatasetName.Synthetic, DataSplit.Test, 3, 16));
        Refusal().ShouldContain("split = Test");

        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], TeacherLabels.Metadata(DatasetName.Cifar10, DataSplit.Train, 3, 16));
        Refusal().ShouldContain("dataset = Cifar10");

        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10], new Dictionary<string, string>());
        Refusal().ShouldContain("nothing");
    }

    [Fact]
    public void Labels_of_another_size_are_refused()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [5, 6]);

        Refusal().ShouldContain("F32 [5, 6], expected F32 [3, 10]");
    }

    [Fact]
    public void Rows_that_are_no_distribution_are_refused()
    {
        Write(Rows(1, 0.5f, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("row 0 of 'votes' sums to 1.5");

        Write(Rows(1.5f, -0.5f, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("-0.5 in row 0");

        Write(Rows(float.NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);
        Refusal().ShouldContain("NaN in row 0");
    }

    [Fact]
    public void A_missing_aggregation_is_named()
    {
        Write(Rows(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), [3, 10]);

        Should.Throw<RunInputException>(() => TeacherLabels.Read(_path, Aggregation.MeanProbability, Dataset, CPU)).Message.ShouldContain("no tensor 'mean_probability'; it holds votes");
    }
}
