using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Support;

namespace KdRobust.Learning.Tests.Runs;

/// <summary>The smallest trainings that still use everything: WRN-10-1 on a few synthetic images, a last batch that is not full.</summary>
internal static class TinyExperiment
{
    public const int TrainImages = 40;
    public const int Batch = 16;
    public const int StepsPerEpoch = 3;

    public static readonly DatasetSpec Dataset = new() { Name = DatasetName.Synthetic, TrainImages = TrainImages, TestImages = 30 };

    public static readonly ComputeSpec Compute = new() { Device = TestDevice.IsCuda ? DeviceKind.Cuda : DeviceKind.Cpu, Threads = 1, Precision = Precision.Float32 };

    public static readonly WideResNetSpec Backbone = new() { Depth = 10, Width = 1, Dropout = 0, Normalize = Networks.Normalization };

    public static readonly NetworkShape Plain = new(Backbone, new NoNoiseSpec());

    public static readonly ColoredNoiseSpec Noise = Networks.Colored;

    public static readonly NetworkShape Colored = new(Backbone, Noise);

    public static readonly PgdSpec Attack = Networks.Attack(steps: 2, step: 4 / 255.0, randomStart: true);

    public static readonly AdamSpec Adam = new() { LearningRate = 0.01, WeightDecay = 1e-4, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 };

    public static readonly SgdSpec Sgd = new() { LearningRate = 0.05, WeightDecay = 1e-4, Momentum = 0.9, Nesterov = true };

    public static readonly AdversarialSpec AdversarialFromTheSecondEpoch = new() { FromEpoch = 1, Weight = 0.5, Attack = Attack };

    public static readonly DistillationSpec Distillation = new()
    {
        Teacher = "labels", Labels = new CachedLabelsSpec { Views = 0 }, Order = LabelOrder.Image, Variant = DistillationVariant.Correct, Temperature = 2,
        TemperFloor = null, Weight = 0.75, AdversarialWeight = 0.25, Reading = new AsCodedReadingSpec(),
    };

    public static TrainingSpec Clean(int epochs) => new()
    {
        Epochs = epochs,
        BatchSize = Batch,
        Augmentation = new() { CropPadding = 4, Flip = true },
        MicroBatch = Batch,
        InputNoise = null,
        BatchNorm = BatchNormMode.Training,
        Warmup = null,
        ClipNorm = null,
        Average = null,
        Selection = null,
        Optimizer = Adam,
        Schedule = new OneCycleScheduleSpec { RiseFraction = 0.3, StartDivisor = 25, EndDivisor = 1e4 },
        Adversarial = null,
        Distillation = null,
        Monitor = null,
    };

    public static TrainPayload Train(NetworkShape network, TrainingSpec training) => new()
    {
        Seed = 7,
        Dataset = Dataset,
        Compute = Compute,
        Network = network,
        Training = training,
        LabelAggregation = training.Distillation is null ? null : Aggregation.Votes,
        Teacher = null,
    };

    public static ViewShape View(NetworkShape network, double sigma = 0) =>
        new(network, true, Networks.Pixels(sigma), DrawSharing.Shared);

    public static SmoothingEvalPayload Evaluate(NetworkShape network, DataSplit split, int draws, double sigma = 0) => new()
    {
        Seed = 7,
        Dataset = Dataset,
        Compute = Compute,
        View = View(network, sigma),
        Draws = draws,
        StopFor = null,
        Split = split,
        Images = split == DataSplit.Train ? TrainImages : 30,
        KeepLabels = split == DataSplit.Train,
        LabelViews = null,
    };
}
