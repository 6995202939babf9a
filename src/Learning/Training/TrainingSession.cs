using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
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
    readonly Tensor? _teacher; // [N, K]
    readonly NetworkView _view;
    readonly Pgd? _attack;
    long[] _order = [];
    CropAndFlip? _augmentation;

    /// <param name="payload">What is trained.</param>
    /// <param name="images">The training images.</param>
    /// <param name="teacher">h [N, K] on the device, row i of image i; null without distillation. Becomes this session's.</param>
    /// <param name="device">Where everything lives.</param>
    public TrainingSession(TrainPayload payload, LabelledImages images, Tensor? teacher, Device device)
    {
        _spec = payload.Training;
        _seeds = new SeedTree(payload.Seed);
        _images = new DeviceImages(images, device);
        _teacher = teacher?.DetachFromDisposeScope();
        using var scope = NewDisposeScope();
        Network = ModelCatalog.Build(payload.Network, _seeds, device);
        Optimizer = new WeightOptimizer(_spec.Optimizer, [.. Network.WeightParameters], [.. Network.NoiseParameters], payload.Network.Noise as LayerNoiseSpec);
        Sums = new EpochSums(device);
        _view = new NetworkView(Network, _spec.InputNoise, _seeds, ImageNoiseLayout.Images);
        _attack = _spec.Adversarial is { } adversarial ? new Pgd(adversarial.Attack, _seeds, ImageNoiseLayout.Images) : null;
        StepsPerEpoch = (images.Count + _spec.BatchSize - 1) / _spec.BatchSize;
    }

    public Network Network { get; }

    public WeightOptimizer Optimizer { get; }

    /// <summary>Sums of the running epoch.</summary>
    public EpochSums Sums { get; }

    /// <summary>Steps of one epoch; the last takes what is left.</summary>
    public int StepsPerEpoch { get; }

    public long TotalSteps => (long)_spec.Epochs * StepsPerEpoch;

    /// <summary>The learning rate of the weights in a step.</summary>
    public double LearningRateAt(int epoch, int step) => _spec.Optimizer.LearningRate * FactorAt(epoch, step);

    double FactorAt(int epoch, int step) => LearningRate.Factor(_spec.Schedule, ((long)epoch * StepsPerEpoch) + step, epoch, TotalSteps);

    /// <summary>Draws order and views of an epoch; sums are left as they are.</summary>
    public void BeginEpoch(int epoch)
    {
        _augmentation?.Dispose();
        _order = EpochOrder.Of(_seeds, epoch, _images.Count);
        _augmentation = new CropAndFlip(_spec.Augmentation, _seeds, epoch, _images.Count, _images.Device);
        Network.Module.train();
    }

    /// <summary>One optimizer step.</summary>
    /// <returns>Images of the step.</returns>
    public int Step(int epoch, int step)
    {
        using var scope = NewDisposeScope();
        var indices = _order.AsSpan(step * _spec.BatchSize, Math.Min(_spec.BatchSize, _order.Length - (step * _spec.BatchSize)));
        var index = from_array(indices.ToArray()).to(_images.Device);            // [B]
        var clean = _augmentation!.Apply(_images, index);                        // [B, 3, 32, 32]
        var labels = _images.Labels(index);                                      // [B]
        var teacher = _teacher?.index_select(0, index);                          // [B, K]
        var loss = TrainingLoss.Of(_spec, epoch);
        var perturbed = loss.NeedsPerturbed ? _attack!.Perturb(_view, clean, labels, indices, new AttackMoment(epoch, step)) : null;

        Optimizer.ZeroGrad();
        var means = new Dictionary<EpochSum, Tensor>();
        Tensor? total = null;
        // One backward pass a bracket: the first graph is gone before the second is built.
        if (loss.NeedsClean)
        {
            var logits = _view.Logits(clean, indices, TrainingDraw(epoch, step, 0));
            var part = loss.Clean(logits, labels, teacher);
            part.Total.backward();
            total = part.Total.detach();
            Record(means, part, logits, labels, EpochSum.Clean, EpochSum.CleanDistillation);
        }
        if (perturbed is not null)
        {
            var logits = _view.Logits(perturbed, indices, TrainingDraw(epoch, step, 1));
            var part = loss.Perturbed(logits, labels, teacher);
            part.Total.backward();
            total = total is null ? part.Total.detach() : total + part.Total.detach();
            Record(means, part, logits, labels, EpochSum.Adversarial, EpochSum.AdversarialDistillation);
        }
        means.Add(EpochSum.Loss, total!);
        Optimizer.Step(FactorAt(epoch, step));
        Sums.Add(means, indices.Length);
        return indices.Length;
    }

    // The first bracket's answers count: those on clean images, unless only perturbed ones are trained on.
    static void Record(Dictionary<EpochSum, Tensor> means, LossPart part, Tensor logits, Tensor labels, EpochSum crossEntropy, EpochSum distance)
    {
        means.Add(crossEntropy, part.CrossEntropy);
        if (part.Distance is not null) means.Add(distance, part.Distance);
        if (!means.ContainsKey(EpochSum.Correct))
            means.Add(EpochSum.Correct, logits.detach().argmax(1).eq(labels).to(ScalarType.Float64).mean());
    }

    // Two passes of a step are two draws.
    static Draw TrainingDraw(int epoch, int step, int pass) => new(RandomStream.Training, epoch, (2L * step) + pass);

    public void Dispose()
    {
        _augmentation?.Dispose();
        _attack?.Dispose();
        _view.Dispose();
        Sums.Dispose();
        Optimizer.Dispose();
        Network.Dispose();
        _teacher?.Dispose();
        _images.Dispose();
    }
}
