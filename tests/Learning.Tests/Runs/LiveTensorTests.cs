using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Torch;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Counts tensors of the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(LiveTensorTests), DisableParallelization = true)]
[Collection(nameof(LiveTensorTests))]
public sealed class LiveTensorTests
{
    [Fact]
    public void A_training_holds_as_many_tensors_after_fifty_epochs_as_after_the_first()
    {
        var training = TinyExperiment.Clean(50) with
        {
            BatchSize = 8,
            Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0 },
            Monitor = new() { Every = 1, Images = 8, Attack = TinyExperiment.Attack },
        };
        var payload = TinyExperiment.Train(TinyExperiment.Colored, training) with { Dataset = TinyExperiment.Dataset with { TrainImages = 12 } };
        var live = new List<long>();

        RecordedRun.Of(RecordedRun.Request(payload), killAfter: e =>
        {
            if (e is CheckpointTaken { Role: CheckpointRole.Resume }) live.Add(TensorStatistics.Live);
            return false;
        });

        live.Count.ShouldBe(50);
        live.ShouldAllBe(count => count == live[0]);
    }

    [Fact]
    public void A_run_that_ended_holds_nothing()
    {
        var payload = TinyExperiment.Train(TinyExperiment.Colored, TinyExperiment.Clean(1) with { Monitor = new() { Every = 1, Images = 8, Attack = null } });
        RecordedRun.Of(RecordedRun.Request(payload));
        var before = TensorStatistics.Live;

        RecordedRun.Of(RecordedRun.Request(payload));

        TensorStatistics.Live.ShouldBe(before);
    }
}
