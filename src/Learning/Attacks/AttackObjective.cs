using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>What attacks raise, per image: functions of logits [N, K] and labels [N] with values [N].</summary>
internal static class AttackObjective
{
    /// <summary>One of them by name. With a target it is the target's loss lowered, else the true class's loss raised.</summary>
    /// <param name="loss">Which.</param>
    /// <param name="logits">[N, K] of the perturbed images.</param>
    /// <param name="labels">[N] int64: the true classes.</param>
    /// <param name="clean">[N, K] logits of the clean images, without a graph; only for KL.</param>
    /// <param name="target">[N] int64: the classes aimed at; null without.</param>
    /// <param name="teacher">h [N, K], the teacher's answers, rows that sum to 1; only for distillation.</param>
    /// <exception cref="ArgumentNullException">The loss compares with something that is missing.</exception>
    /// <exception cref="ArgumentException">The loss names no class that could be aimed at.</exception>
    public static Tensor Of(AttackLoss loss, Tensor logits, Tensor labels, Tensor? clean = null, Tensor? target = null, Tensor? teacher = null) => (loss, target) switch
    {
        (AttackLoss.CrossEntropy, null) => CrossEntropy(logits, labels),
        (AttackLoss.CrossEntropy, _) => Negative(CrossEntropy(logits, target)),
        (AttackLoss.Margin, null) => Negative(Margin(logits, labels)),
        (AttackLoss.Margin, _) => Margin(logits, target),
        (AttackLoss.Dlr, null) => DifferenceOfLogitsRatio(logits, labels),
        (AttackLoss.Dlr, _) => TargetedDifferenceOfLogitsRatio(logits, labels, target),
        (AttackLoss.Kl, null) => Divergence(clean ?? throw new ArgumentNullException(nameof(clean), "the KL loss compares with the clean logits"), logits),
        (AttackLoss.Distillation, null) => Distance(teacher ?? throw new ArgumentNullException(nameof(teacher), "the distillation loss compares with the teacher's answers: hand them to the attack"), logits),
        (AttackLoss.Kl or AttackLoss.Distillation, _) => throw new ArgumentException($"the loss {loss} names no class to aim at: use cross-entropy, margin or dlr", nameof(target)),
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, "no objective for this loss"),
    };

    static Tensor CrossEntropy(Tensor logits, Tensor classes) => nn.functional.cross_entropy(logits, classes, reduction: nn.Reduction.None);

    static Tensor Negative(Tensor values)
    {
        using (values) return values.neg();
    }

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

    /// <summary>
    /// Targeted DLR (Croce and Hein 2020): -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2); highest when the target leads.
    /// </summary>
    /// <returns>[N]</returns>
    public static Tensor TargetedDifferenceOfLogitsRatio(Tensor logits, Tensor labels, Tensor target)
    {
        using var scope = NewDisposeScope();
        var top = logits.topk(4, 1).values; // [N, 4]
        var spread = top.select(1, 0) - ((top.select(1, 2) + top.select(1, 3)) / 2) + 1e-12; // [N]
        var gap = logits.gather(1, labels.unsqueeze(1)) - logits.gather(1, target.unsqueeze(1)); // [N, 1]
        return (gap.flatten() / spread).neg().MoveToOuterDisposeScope();
    }

    /// <summary>-sum_c h_c log softmax(logits)_c: the student's distance from the teacher's answer, at temperature 1.</summary>
    /// <param name="teacher">h [N, K], without a graph.</param>
    /// <param name="logits">[N, K] of the student.</param>
    /// <returns>[N]</returns>
    public static Tensor Distance(Tensor teacher, Tensor logits)
    {
        using var scope = NewDisposeScope();
        return (teacher * logits.log_softmax(1)).sum(1).neg().MoveToOuterDisposeScope();
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
