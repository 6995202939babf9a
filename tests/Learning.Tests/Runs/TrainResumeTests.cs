using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>Trainings with every switch that keeps a state, stopped after every single step.</summary>
public sealed class TrainResumeTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("kdr-resume-").FullName;
    readonly TeacherInputs _teacher;

    public TrainResumeTests() => _teacher = new TeacherInputs(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public static TheoryData<string> Trainings => ["average-best-clipped", "left-in-evaluation", "online", "label-views-bf16"];

    static readonly AdversarialSpec Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch;

    (TrainPayload Payload, IReadOnlyDictionary<string, string> Inputs) Training(string name)
    {
        var clean = TinyExperiment.Clean(3);
        var none = new Dictionary<string, string>();
        switch (name)
        {
            case "average-best-clipped":
                var penalized = TinyExperiment.Colored with { Noise = TinyExperiment.Noise with { OffDiagonalPenalty = 0.01 } };
                return (TinyExperiment.Train(penalized, clean with
                {
                    MicroBatch = 6,
                    Optimizer = new AdamWSpec { LearningRate = 0.01, WeightDecay = 0.01, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 },
                    Schedule = new CosineScheduleSpec { EndFactor = 0.01 },
                    Warmup = new WarmupSpec { Epochs = 1, StartFactor = 0.1 },
                    ClipNorm = 0.5,
                    Average = new AverageSpec { Decay = 0.8 },
                    Selection = new SelectionSpec { From = SelectionSet.HeldOut, Images = 8, Every = 1, Attack = TinyExperiment.Attack },
                }), none);
            case "left-in-evaluation":
                return (TinyExperiment.Train(TinyExperiment.Plain, clean with
                {
                    BatchNorm = BatchNormMode.LeftInEvaluation,
                    Optimizer = TinyExperiment.Sgd,
                    Adversarial = Adversarial,
                    Selection = new SelectionSpec { From = SelectionSet.Test, Images = 10, Every = 2, Attack = null },
                }), none);
            case "online":
                return (TinyExperiment.Train(
                    TinyExperiment.Plain with { Architecture = TinyExperiment.Backbone with { Dropout = 0.3 } },
                    clean with
                    {
                        MicroBatch = 10,
                        Adversarial = Adversarial,
                        Distillation = TinyExperiment.Distillation with { Labels = new OnlineLabelsSpec { Draws = 2 }, Reading = new TeacherOnAdversarialReadingSpec(), TemperFloor = 0.1 },
                    }) with { Teacher = TinyExperiment.View(TinyExperiment.Colored, 0.05) }, _teacher.Weights(InputRoles.Teacher));
            case "label-views-bf16":
                var distilled = TinyExperiment.Train(TinyExperiment.Plain, clean with
                {
                    Adversarial = Adversarial,
                    Distillation = TinyExperiment.Distillation with { Labels = new CachedLabelsSpec { Views = 2 }, Order = LabelOrder.FileOrder, Variant = DistillationVariant.AsCoded },
                    Average = new AverageSpec { Decay = 0.9 },
                });
                return (distilled with { Compute = TinyExperiment.Compute with { Precision = Precision.Bfloat16 } }, _teacher.Labels(new LabelViews(clean.Augmentation, 2)));
            default:
                throw new ArgumentOutOfRangeException(nameof(name), name, "no such training");
        }
    }

    [Theory]
    [MemberData(nameof(Trainings))]
    public void Drained_after_every_step_and_resumed_a_training_ends_bit_equal_to_an_undisturbed_one(string name)
    {
        var (payload, inputs) = Training(name);
        var undisturbed = RecordedRun.Of(RecordedRun.Request(payload, inputs));

        var metrics = new List<MetricPoint>();
        string? resume = null;
        RecordedRun part;
        var drains = 0;
        do
        {
            var stop = new StopSignal();
            part = RecordedRun.Of(RecordedRun.Request(payload, inputs, resume), stop: stop, killAfter: e =>
            {
                if (e is ProgressMade { Progress.Done: < 3 }) stop.Request(StopReason.Drain);
                return false;
            });
            metrics.AddRange(part.Metrics);
            if (part.Checkpoints.LastOrDefault(c => c.Event.Role == CheckpointRole.Resume).Bytes is { } bytes) resume = _teacher.Save(bytes, "resume");
            (++drains).ShouldBeLessThan(20);
        }
        while (part.Events[^1] is RunStopped);

        drains.ShouldBeGreaterThanOrEqualTo(6);
        metrics.ShouldBe(undisturbed.Metrics);
        foreach (var output in undisturbed.Checkpoints.Where(c => c.Event.Role == CheckpointRole.Output).Select(c => c.Event.Name))
            part.Output(output).ShouldBe(undisturbed.Output(output), output);
        part.Result<TrainResult>().Selected.ShouldBe(undisturbed.Result<TrainResult>().Selected);
        part.Result<TrainResult>().FinalLoss.ShouldBe(undisturbed.Result<TrainResult>().FinalLoss);
    }

    [Fact]
    public void Training_that_ran_out_of_memory_is_taken_up_in_smaller_passes_from_its_resume_point()
    {
        var (payload, inputs) = Training("average-best-clipped");
        var begun = RecordedRun.Of(RecordedRun.Request(payload, inputs), killAfter: e => e is CheckpointTaken { Role: CheckpointRole.Resume });
        var resume = _teacher.Save(begun.Checkpoints.Last(c => c.Event.Role == CheckpointRole.Resume).Bytes, "resume");
        var smaller = payload.Training.MicroBatch / 2;
        var rest = RecordedRun.Of(RecordedRun.Request(payload, inputs, resume) with { MicroBatch = smaller });
        rest.Events[^1].ShouldBeOfType<RunFinished>();
        rest.Result<TrainResult>().Provenance.MicroBatch.ShouldBe(smaller);
        var ordinals = begun.Metrics.Concat(rest.Metrics).Select(point => point.Ordinal).ToList();
        ordinals.ShouldBe(Enumerable.Range(0, ordinals.Count).Select(n => (long)n), "no epoch is told twice");
    }
}
