using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>How far a student's answers are from its teacher's: the distance D of L = (1-w) CE(z, y) + w T^2 D(h, z).</summary>
internal static class DistillationLoss
{
    // Below every share a teacher can give; makes 0 log 0 = 0 without a branch.
    const double Smallest = 1e-30;

    /// <summary>D by name, mean over the batch.</summary>
    /// <param name="variant">Which reading.</param>
    /// <param name="teacher">Probabilities h [N, K]: votes and mean probabilities have no logits.</param>
    /// <param name="student">Logits z [N, K].</param>
    /// <param name="temperature">T.</param>
    /// <returns>A scalar in nats (a squared distance for <see cref="DistillationVariant.MseProb"/>).</returns>
    /// <exception cref="ArgumentException">Teacher and student are not of one shape.</exception>
    public static Tensor Distance(DistillationVariant variant, Tensor teacher, Tensor student, double temperature)
    {
        if (!teacher.shape.SequenceEqual(student.shape))
            throw new ArgumentException($"teacher labels [{string.Join(", ", teacher.shape)}] do not fit student logits [{string.Join(", ", student.shape)}]", nameof(teacher));
        return variant switch
        {
            DistillationVariant.Correct => SoftCrossEntropy(teacher, student, temperature),
            DistillationVariant.Kl => Divergence(teacher, student, temperature),
            DistillationVariant.MseProb => SquaredDistance(teacher, student, temperature),
            DistillationVariant.AsCoded => AsCoded(teacher, student, temperature),
            _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "no distance of this name"),
        };
    }

    /// <summary>-sum_c h_c log softmax(z / T)_c, mean over the batch (Hinton et al. 2015).</summary>
    public static Tensor SoftCrossEntropy(Tensor teacher, Tensor student, double temperature)
    {
        using var scope = NewDisposeScope();
        return (teacher * student.div(temperature).log_softmax(1)).sum(1).mean().neg().MoveToOuterDisposeScope();
    }

    /// <summary>KL(h || softmax(z / T)): the soft cross-entropy less h's entropy, which no student can change.</summary>
    static Tensor Divergence(Tensor teacher, Tensor student, double temperature)
    {
        using var scope = NewDisposeScope();
        var entropy = (teacher * teacher.clamp(min: Smallest).log()).sum(1).mean().neg();
        return (SoftCrossEntropy(teacher, student, temperature) - entropy).MoveToOuterDisposeScope();
    }

    /// <summary>sum_c (softmax(z / T)_c - h_c)^2, mean over the batch.</summary>
    static Tensor SquaredDistance(Tensor teacher, Tensor student, double temperature)
    {
        using var scope = NewDisposeScope();
        return (student.div(temperature).softmax(1) - teacher).pow(2).sum(1).mean().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// With t = softmax(h / T) and u = softmax(z / T): -sum_c u_c log softmax(t)_c, mean over the batch. Teacher and student
    /// have changed places, and h, already a distribution, is softmaxed twice more: for a one-hot h at T = 2 the ten terms
    /// differ by 0.0609 nats at most, and the student's part is linear in u.
    /// </summary>
    static Tensor AsCoded(Tensor teacher, Tensor student, double temperature)
    {
        using var scope = NewDisposeScope();
        var t = teacher.div(temperature).softmax(1);
        var u = student.div(temperature).softmax(1);
        return (u * t.log_softmax(1)).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}
