using KdRobust.Domain.Experiments;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>The class each image is pushed to by a targeted attack; never its own.</summary>
internal static class AttackTargets
{
    /// <summary>The classes of one kind of target; null for an attack without one.</summary>
    /// <param name="target">Which.</param>
    /// <param name="labels">[N] int64: the true classes.</param>
    /// <param name="indices">Index of each image in its split: what a random class depends on, beside the epoch.</param>
    /// <param name="seeds">Root of random classes.</param>
    /// <param name="epoch">Training epoch; 0 in evaluation.</param>
    /// <param name="clean">[N, K] logits of the clean images; only for the least likely class.</param>
    /// <returns>[N] int64, or null.</returns>
    public static Tensor? Of(AttackTarget target, Tensor labels, ReadOnlySpan<long> indices, SeedTree seeds, int epoch, Tensor? clean)
    {
        switch (target)
        {
            case AttackTarget.None:
                return null;
            case AttackTarget.Next:
                return Wrapped(labels.add(1));
            case AttackTarget.Random:
                var steps = new long[indices.Length]; // 1..K-1 classes on, each as likely
                for (var i = 0; i < steps.Length; i++)
                    steps[i] = 1 + (seeds.Seed(RandomStream.AttackTarget, epoch, indices[i]) % (LabelledImages.Classes - 1));
                using (var offsets = tensor(steps, [steps.Length], device: labels.device)) return Wrapped(labels.add(offsets));
            case AttackTarget.LeastLikely:
                if (clean is null) throw new ArgumentNullException(nameof(clean), "the least likely class is read from the clean logits");
                using (var own = nn.functional.one_hot(labels, clean.shape[1]))
                using (var mask = own.to(ScalarType.Bool))
                using (var others = clean.masked_fill(mask, double.PositiveInfinity))
                    return others.argmin(1);
            default:
                throw new ArgumentOutOfRangeException(nameof(target), target, "expected none, next, random or least-likely");
        }
    }

    static Tensor Wrapped(Tensor classes)
    {
        using (classes) return classes.remainder(LabelledImages.Classes);
    }
}
