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

/// <summary>What a look saw at the end of an epoch, in [0,1].</summary>
/// <param name="Clean">Accuracy on clean images, one draw.</param>
/// <param name="Adversarial">Accuracy on perturbed images, one draw that the attack did not see; null without an attack.</param>
internal sealed record ProbedAccuracies(double Clean, double? Adversarial);

/// <summary>
/// Accuracy of a network in training on fixed images. Looks only: its draws come from a branch of their own, the network is
/// frozen and in float32 meanwhile, and nothing of the training depends on it.
/// </summary>
internal sealed class AccuracyProbe : IDisposable
{
    readonly DeviceImages _images;
    readonly int _first;
    readonly NetworkView _view;
    readonly Pgd? _attack;

    /// <param name="attack">What perturbs the images, or null.</param>
    /// <param name="images">The images.</param>
    /// <param name="first">Index of the first of them in its split.</param>
    /// <param name="network">Who is asked; stays the caller's.</param>
    /// <param name="inputNoise">The training's noise on images, or null.</param>
    /// <param name="seeds">A branch for this use alone.</param>
    /// <param name="device">Where the images go.</param>
    public AccuracyProbe(AttackSpec? attack, LabelledImages images, int first, Network network, InputNoiseSpec? inputNoise, SeedTree seeds, Device device)
    {
        _images = new DeviceImages(images, device);
        _first = first;
        _view = new NetworkView(network, inputNoise, seeds);
        _attack = attack is null ? null : new Pgd(attack, seeds);
    }

    /// <summary>Images looked at.</summary>
    public int Images => _images.Count;

    /// <summary>Looks at the network after <paramref name="finished"/> epochs; null when stopped in between.</summary>
    /// <exception cref="ArithmeticException">The network's answers are not finite.</exception>
    public ProbedAccuracies? Look(int finished, StopSignal stop)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        long clean = 0, adversarial = 0;
        var batchSize = EvaluationImages.BatchSize(_images.Device);
        for (var start = 0; start < _images.Count; start += batchSize)
        {
            if (stop.Requested is not null) return null;
            using var batch = NewDisposeScope();
            var count = Math.Min(batchSize, _images.Count - start);
            var indices = ImageIndices.Range(_first + start, count);
            var images = _images.Pixels(start, count);
            var labels = _images.Labels(start, count);
            clean += Correct(images, indices, labels, finished);
            if (_attack is null) continue;
            var perturbed = _attack.Perturb(_view, images, labels, indices, new AttackMoment(finished, 0));
            adversarial += Correct(perturbed, indices, labels, finished);
        }
        return new ProbedAccuracies((double)clean / _images.Count, _attack is null ? null : (double)adversarial / _images.Count);
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
