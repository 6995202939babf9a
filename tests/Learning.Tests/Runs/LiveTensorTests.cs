using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Support;
using KdRobust.Torch;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Counts tensors of the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition(nameof(LiveTensorTests), DisableParallelization = true)]
[Collection(nameof(LiveTensorTests))]
public sealed class LiveTensorTests
{
    [DeviceFact]
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

    [DeviceFact]
    public void A_run_that_ended_holds_nothing()
    {
        var payload = TinyExperiment.Train(TinyExperiment.Colored, TinyExperiment.Clean(1) with { Monitor = new() { Every = 1, Images = 8, Attack = null } });
        RecordedRun.Of(RecordedRun.Request(payload));
        var before = TensorStatistics.Live;

        RecordedRun.Of(RecordedRun.Request(payload));

        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceFact]
    public void Average_selection_micro_batches_and_an_online_teacher_hold_no_more_with_every_epoch()
    {
        var folder = Directory.CreateTempSubdirectory("kdr-live-").FullName;
        try
        {
            var training = TinyExperiment.Clean(4) with
            {
                BatchSize = 8,
                MicroBatch = 3,
                ClipNorm = 1,
                Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0 },
                Distillation = TinyExperiment.Distillation with { Labels = new OnlineLabelsSpec { Draws = 2 }, Reading = new TeacherOnAdversarialReadingSpec(), TemperFloor = 0.1 },
                Average = new() { Decay = 0.9 },
                Selection = new() { From = SelectionSet.HeldOut, Images = 4, Every = 1, Attack = null },
            };
            var network = TinyExperiment.Colored with { Noise = TinyExperiment.Noise with { OffDiagonalPenalty = 0.01 } };
            var payload = TinyExperiment.Train(network, training) with
            {
                Dataset = TinyExperiment.Dataset with { TrainImages = 12 },
                Compute = TinyExperiment.Compute with { Precision = Precision.Bfloat16 },
                Teacher = TinyExperiment.View(TinyExperiment.Colored),
            };
            var inputs = new TeacherInputs(folder).Weights(InputRoles.Teacher);
            var live = new List<long>();

            var before = LiveTensors.Count();
            RecordedRun.Of(RecordedRun.Request(payload, inputs), killAfter: e =>
            {
                if (e is CheckpointTaken { Role: CheckpointRole.Resume }) live.Add(TensorStatistics.Live);
                return false;
            });

            live.Count.ShouldBe(4);
            live.ShouldAllBe(count => count == live[0]);
            LiveTensors.Count().ShouldBe(before);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
