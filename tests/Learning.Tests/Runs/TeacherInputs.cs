using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Inputs of distilled trainings, in a folder of a test.</summary>
internal sealed class TeacherInputs(string folder)
{
    /// <summary>Weights of a teacher after one epoch: what it says does not matter here, that they are its answers does.</summary>
    public IReadOnlyDictionary<string, string> Weights(string role)
    {
        var run = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Colored, TinyExperiment.Clean(1))));
        return new Dictionary<string, string> { [role] = Save(run.Output(OutputNames.Weights), "teacher") };
    }

    /// <summary>Its labels of the training images or of fixed views of them.</summary>
    public IReadOnlyDictionary<string, string> Labels(LabelViews? views = null)
    {
        var payload = TinyExperiment.Evaluate(TinyExperiment.Colored, DataSplit.Train, draws: 3) with { LabelViews = views };
        var labels = RecordedRun.Of(RecordedRun.Request(payload, Weights(InputRoles.Weights)));
        return new Dictionary<string, string> { [InputRoles.Labels] = Save(labels.Output(OutputNames.Labels), "labels") };
    }

    /// <summary>Votes as written, [N, 10] or [V, N, 10] of the training images.</summary>
    public IReadOnlyDictionary<string, string> Votes(Tensor votes, LabelViews? views = null)
    {
        var metadata = TeacherLabels.Metadata(DatasetName.Synthetic, DataSplit.Train, TinyExperiment.TrainImages, 1);
        if (views is not null)
            foreach (var (key, value) in TeacherLabels.ViewMetadata(views, 7)) metadata.Add(key, value);
        using var stream = new MemoryStream();
        new SafetensorsWriter(new Dictionary<string, Tensor> { [TeacherLabels.Votes] = votes }, metadata).WriteTo(stream);
        return new Dictionary<string, string> { [InputRoles.Labels] = Save(stream.ToArray(), "votes") };
    }

    public string Save(byte[] bytes, string name)
    {
        var path = Path.Combine(folder, $"{name}-{Guid.NewGuid():N}.safetensors");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
