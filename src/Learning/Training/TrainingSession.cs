using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>
/// One training between two steps: network, optimizer and data on a device. A step is a function of this state and of
/// (epoch, step) alone; every random number is derived from them and the seed, so a step is the same in whatever process it is done.
/// </summary>
internal sealed class TrainingSession : IDisposable
{
    readonly TrainingSpec _spec;
    readonly SeedTree _seeds;
    readonly DeviceImages _images;
    readonly int _trained; // images trained on, the first of all; the rest is held out
    readonly ITeacher? _teacher;
    readonly NetworkView _view;
    readonly Pgd? _attack;
    readonly StepPasses _passes;
    long[] _order = [];
    CropAndFlip? _augmentation;

    /// <param name="payload">What is trained.</param>
    /// <param name="images">The training images, held out ones too.</param>
    /// <param name="teacher">Who gives h; null without distillation. Becomes this object's.</param>
    /// <param name="device">Where everything lives.</param>
    public TrainingSession(TrainPayload payload, LabelledImages images, ITeacher? teacher, Device device)
    {
        _spec = payload.Training;
        _seeds = new SeedTree(payload.Seed);
        _images = new DeviceImages(images, device);
        _trained = images.Count - (_spec.Selection is { From: SelectionSet.HeldOut, Images: var heldOut } ? heldOut : 0);
        _teacher = teacher;
        using var scope = NewDisposeScope();
        Network = ModelCatalog.Build(payload.Network, _seeds, device);
        Mode = new TrainingMode(_spec.BatchNorm, Network.Module);
        Optimizer = new WeightOptimizer(_spec.Optimizer, [.. Network.WeightParameters], [.. Network.NoiseParameters], payload.Network.Noise as LayerNoiseSpec);
        Penalty = OffDiagonalPenalty.Of(payload.Network, Network);
        if (_spec.Average is { } average) Average = new WeightAverage(ModelCatalog.Build(payload.Network, _seeds, device), Network, average.Decay);
        Sums = new EpochSums(device);
        _view = new NetworkView(Network, _spec.InputNoise, _seeds, ImageNoiseLayout.Images) { Autocast = payload.Compute.Precision == Precision.Bfloat16 };
        _passes = new StepPasses(_view, Network.Source, Sums);
        _attack = _spec.Adversarial is { } adversarial ? new Pgd(adversarial.Attack, _seeds, ImageNoiseLayout.Images) : null;
        StepsPerEpoch = (_trained + _spec.BatchSize - 1) / _spec.BatchSize;
    }

    public Network Network { get; }

    public WeightOptimizer Optimizer { get; }

    /// <summary>The mode of training passes.</summary>
    public TrainingMode Mode { get; }

    /// <summary>The penalty on the noise's low-rank factors, or null.</summary>
    public OffDiagonalPenalty? Penalty { get; }

    /// <summary>The moving average of the weights, or null.</summary>
    public WeightAverage? Average { get; }

    /// <summary>The network that selection looks at and keeps: the average where there is one.</summary>
    public Network Selectable => Average?.Network ?? Network;

    /// <summary>Weights of the selected epoch.</summary>
    public BestWeights Best { get; } = new();

    /// <summary>Sums of the running epoch.</summary>
    public EpochSums Sums { get; }

    /// <summary>Steps of one epoch; the last takes what is left.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>What a resume point holds beside the counters.</summary>
    public IReadOnlyList<ResumePart> Parts
    {
        get
        {
            var parts = new List<ResumePart>
            {
                new("model/", "the network", Network.Module.state_dict()),
                new("optimizer/", "the optimizer", Optimizer.Tensors()),
            };
            if (Average is not null) parts.Add(new("average/", "the average of the weights", Average.Network.Module.state_dict()));
            if (Best.Selected is not null) parts.Add(new("best/", "the best weights", Best.Tensors));
            return parts;
        }
    }

    /// <summary>The learning rate of the weights in a step.</summary>
    public double LearningRateAt(int epoch, int step) => _spec.Optimizer.LearningRate * FactorAt(epoch, step);

    double FactorAt(int epoch, int step) =>
        LearningRate.Factor(_spec.Schedule, _spec.Warmup, ((long)epoch * StepsPerEpoch) + step, _spec.Epochs, StepsPerEpoch);

    /// <summary>Draws order and views of an epoch; sums are left as they are.</summary>
    public void BeginEpoch(int epoch)
    {
        _augmentation?.Dispose();
        _order = EpochOrder.Of(_seeds, epoch, _trained);
        var chosen = _spec.Distillation?.Labels is CachedLabelsSpec { Views: > 0 and var views } ? FixedViews.Chosen(_seeds, epoch, _images.Count, views) : null;
        _augmentation = chosen is null
            ? new CropAndFlip(_spec.Augmentation, _seeds, epoch, _images.Count, _images.Device)
            : new CropAndFlip(_spec.Augmentation, _seeds, chosen, _images.Device);
        _teacher?.BeginEpoch(chosen);
        Mode.Enter();
    }

    /// <summary>One optimizer step.</summary>
    /// <returns>Images of the step.</returns>
    public int Step(int epoch, int step)
    {
        using var scope = NewDisposeScope();
        var batch = _order[(step * _spec.BatchSize)..Math.Min((step + 1) * _spec.BatchSize, _order.Length)];
        var loss = TrainingLoss.Of(_spec, epoch);
        // All are attacked before any is trained on, so that every attack meets the weights and statistics of the step's beginning.
        var parts = MicroBatches(batch, loss, epoch, step);
        Optimizer.ZeroGrad();
        foreach (var part in parts) _passes.Add(part, loss, epoch, step);
        if (_spec.ClipNorm is { } norm) Optimizer.Clip(norm);
        Penalty?.AddGradient();
        Optimizer.Step(FactorAt(epoch, step));
        Average?.Update();
        return batch.Length;
    }

    List<StepImages> MicroBatches(long[] batch, TrainingLoss loss, int epoch, int step)
    {
        var labelled = (long[])batch.Clone();
        var fileOrder = _spec.Distillation is { Order: LabelOrder.FileOrder };
        if (fileOrder) Array.Sort(labelled);
        var parts = new List<StepImages>();
        for (var first = 0; first < batch.Length; first += _spec.MicroBatch)
        {
            var end = Math.Min(first + _spec.MicroBatch, batch.Length);
            var indices = batch[first..end];
            parts.Add(Open(indices, fileOrder ? labelled[first..end] : indices, first, batch.Length, loss, epoch, step));
        }
        return parts;
    }

    StepImages Open(long[] indices, long[] labelled, int first, int batch, TrainingLoss loss, int epoch, int step)
    {
        var index = from_array(indices, _images.Device);                       // [b]
        var clean = _augmentation!.Apply(_images, index);                         // [b, 3, 32, 32]
        var labels = _images.Labels(index);                                       // [b]
        var teacher = _teacher?.OnClean(clean, indices, labelled, epoch, step);   // [b, K]
        var own = ReferenceEquals(indices, labelled) ? teacher : _teacher?.OnClean(clean, indices, indices, epoch, step);
        Tensor? perturbed = null;
        var onPerturbed = teacher;
        if (loss.NeedsPerturbed)
        {
            perturbed = _attack!.Perturb(_view, clean, labels, indices, new AttackMoment(epoch, step), teacher);
            Mode.AfterEvaluation();
            if (loss is { TeacherOnPerturbed: true, PerturbDistilWeight: > 0 }) onPerturbed = _teacher!.OnPerturbed(perturbed, indices, epoch, step);
        }
        return new StepImages(indices, first, batch, clean, labels, teacher, own, perturbed, onPerturbed);
    }

    public void Dispose()
    {
        _augmentation?.Dispose();
        _attack?.Dispose();
        _view.Dispose();
        Best.Dispose();
        Sums.Dispose();
        Optimizer.Dispose();
        Average?.Dispose();
        Network.Dispose();
        _teacher?.Dispose();
        _images.Dispose();
    }
}
