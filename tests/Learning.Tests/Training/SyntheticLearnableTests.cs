using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Training;

public sealed class SyntheticLearnableTests : IDisposable
{
    readonly string _weights = Path.GetTempFileName();

    public void Dispose() => File.Delete(_weights);

    /// <summary>A few seconds of training; chance is 10 %. Measured: 2,000 images are learnt to 100 % in 12 epochs, 30 CPU seconds.</summary>
    [DeviceFact]
    public void A_small_network_learns_the_synthetic_set()
    {
        var dataset = new DatasetSpec { Name = DatasetName.Synthetic, TrainImages = 500, TestImages = 300 };
        var training = TinyExperiment.Clean(10) with { BatchSize = 25, MicroBatch = 25 };
        var train = RecordedRun.Of(RecordedRun.Request(TinyExperiment.Train(TinyExperiment.Plain, training) with { Dataset = dataset }));
        File.WriteAllBytes(_weights, train.Output(OutputNames.Weights));

        var evaluation = TinyExperiment.Evaluate(TinyExperiment.Plain, DataSplit.Test, draws: 1) with { Dataset = dataset, Images = 300 };
        var result = RecordedRun.Of(RecordedRun.Request(evaluation, new Dictionary<string, string> { [InputRoles.Weights] = _weights })).Result<SmoothingEvalResult>();

        ((double)result.Count.Correct(Aggregation.Votes) / 300).ShouldBeGreaterThan(0.6);
    }
}
