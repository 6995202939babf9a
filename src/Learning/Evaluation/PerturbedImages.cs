using KdRobust.Learning.Attacks;
using KdRobust.Learning.Data;
using KdRobust.Learning.Smoothing;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>Perturbed images of a split, filled batch by batch; float32, because an attack ends between two byte values.</summary>
/// <param name="clean">The clean images; stay the caller's.</param>
internal sealed class PerturbedImages(DeviceImages clean) : IDisposable
{
    /// <summary>[N, 3, 32, 32] in [0,1]; rows from <see cref="Done"/> on are still zero.</summary>
    public Tensor Images { get; } =
        zeros([clean.Count, LabelledImages.Channels, LabelledImages.Side, LabelledImages.Side], ScalarType.Float32, clean.Device).DetachFromDisposeScope();

    /// <summary>Images attacked so far.</summary>
    public int Done { get; private set; }

    /// <summary>The attacker's curves over the images so far; null before the first.</summary>
    public AttackCurve? Curve { get; private set; }

    /// <summary>Attacks the next batch of <see cref="EvaluationImages.BatchSize"/> images.</summary>
    /// <param name="attack">How.</param>
    /// <param name="view">The attacked view.</param>
    /// <param name="curves">Is shown every iterate; null for none.</param>
    /// <returns>Images attacked.</returns>
    public int Extend(Pgd attack, IClassifier view, IterateCurves? curves)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        var count = Math.Min(EvaluationImages.BatchSize(clean.Device), clean.Count - Done);
        var indices = ImageIndices.Range(clean.First + Done, count);
        var labels = clean.Labels(Done, count);
        IterateSeen? seen = curves is null ? null : (k, images) => curves.Add(k, images, indices, labels);
        using var outcome = attack.Run(view, clean.Pixels(Done, count), labels, indices, new AttackMoment(0, 0), seen: seen);
        Images.narrow(0, Done, count).copy_(outcome.Images);
        Curve = Curve?.Plus(outcome.Curve) ?? outcome.Curve;
        Done += count;
        return count;
    }

    public void Dispose() => Images.Dispose();
}
