using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>What attacks raise, per image: functions of logits [N, K] and labels [N] with values [N].</summary>
internal static class AttackObjective
{
    /// <summary>One of them by name.</summary>
    /// <param name="loss">Which.</param>
    /// <param name="logits">[N, K] of the perturbed images.</param>
    /// <param name="labels">[N] int64.</param>
    /// <param name="clean">[N, K] logits of the clean images, without a graph; only for KL.</param>
    public static Tensor Of(AttackLoss loss, Tensor logits, Tensor labels, Tensor? clean) => loss switch
    {
        AttackLoss.CrossEntropy => nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.None),
        AttackLoss.Margin => Margin(logits, labels).neg(),
        AttackLoss.Dlr => DifferenceOfLogitsRatio(logits, labels),
        AttackLoss.Kl => Divergence(clean ?? throw new ArgumentNullException(nameof(clean), "the KL loss compares with the clean logits"), logits),
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, "no objective for this loss"),
    };

    /// <summary>z_y - max_{i != y} z_i (Carlini and Wagner 2017): positive while the answer is right.</summary>
    /// <returns>[N]</returns>
    public static Tensor Margin(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var own = nn.functional.one_hot(labels, logits.shape[1]).to(ScalarType.Bool); // [N, K]
        var right = logits.gather(1, labels.unsqueeze(1)); // [N, 1]
        var other = logits.masked_fill(own, double.NegativeInfinity).topk(1, 1).values; // [N, 1]
        return (right - other).flatten().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// DLR (Croce and Hein 2020): -(z_y - max_{i != y} z_i) / (z_(1) - z_(3)), z_(j) the j-th largest; unchanged when all
    /// logits are shifted or scaled.
    /// </summary>
    /// <returns>[N]</returns>
    public static Tensor DifferenceOfLogitsRatio(Tensor logits, Tensor labels)
    {
        using var scope = NewDisposeScope();
        var top = logits.topk(3, 1).values; // [N, 3]
        var spread = top.select(1, 0) - top.select(1, 2) + 1e-12; // [N]
        return (Margin(logits, labels) / spread).neg().MoveToOuterDisposeScope();
    }

    /// <summary>KL(softmax(clean) || softmax(logits)), the inner loss of TRADES (Zhang et al. 2019).</summary>
    /// <returns>[N]</returns>
    public static Tensor Divergence(Tensor clean, Tensor logits)
    {
        using var scope = NewDisposeScope();
        var log = clean.log_softmax(1); // [N, K]
        return (log.exp() * (log - logits.log_softmax(1))).sum(1).MoveToOuterDisposeScope();
    }
}
