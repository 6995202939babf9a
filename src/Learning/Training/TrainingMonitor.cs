using KdRobust.Domain.Experiments;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Evaluation;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>What a monitor saw at the end of an epoch, in [0,1].</summary>
/// <param name="Clean">Accuracy on clean images, one draw.</param>
/// <param name="Adversarial">Accuracy on perturbed images, one draw that the attack did not see; null without an attack.</param>
internal sealed record MonitoredAccuracies(double Clean, double? Adversarial);

/// <summary>
/// Accuracy on test images while training, for the curves over epochs. Looks only: its draws come from a branch of their
/// own, the network is frozen meanwhile, and nothing of the training depends on it.
/// </summary>
internal sealed class TrainingMonitor : IDisposable
{
    readonly MonitorSpec _spec;
    readonly DeviceImages _images;
    readonly NetworkView _view;
    readonly Pgd? _attack;

    public TrainingMonitor(MonitorSpec spec, LabelledImages images, Network network, InputNoiseSpec? inputNoise, long seed, Device device)
    {
        var seeds = new SeedTree(seed).Branch("monitor");
        _spec = spec;
        _images = new DeviceImages(images, device);
        _view = new NetworkView(network, inputNoise, seeds);
        _attack = spec.Attack is null ? null : new Pgd(spec.Attack, seeds);
    }

    /// <summary>Whether to look after this many epochs of a training of <paramref name="epochs"/>.</summary>
    public bool IsDue(int finished, int epochs) => finished % _spec.Every == 0 || finished == epochs;

    /// <summary>Looks at the network after <paramref name="finished"/> epochs; null when stopped in between.</summary>
    public MonitoredAccuracies? Look(int finished, StopSignal stop)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        long clean = 0, adversarial = 0;
        for (var start = 0; start < _images.Count; start += EvaluationImages.BatchSize)
        {
            if (stop.Requested is not null) return null;
            using var batch = NewDisposeScope();
            var count = Math.Min(EvaluationImages.BatchSize, _images.Count - start);
            var indices = ImageIndices.Range(start, count);
            var images = _images.Pixels(start, count);
            var labels = _images.Labels(start, count);
            clean += Correct(images, indices, labels, finished);
            if (_attack is null) continue;
            var perturbed = _attack.Perturb(_view, images, labels, indices, new AttackMoment(finished, 0));
            adversarial += Correct(perturbed, indices, labels, finished);
        }
        return new MonitoredAccuracies((double)clean / _images.Count, _attack is null ? null : (double)adversarial / _images.Count);
    }

    long Correct(Tensor images, ReadOnlySpan<long> indices, Tensor labels, int finished)
    {
        using var frozen = _view.Freeze();
        var logits = _view.Logits(images, indices, new Draw(RandomStream.Report, finished, 0));
        return logits.argmax(1).eq(labels).sum().item<long>();
    }

    public void Dispose()
    {
        _attack?.Dispose();
        _view.Dispose();
        _images.Dispose();
    }
}
