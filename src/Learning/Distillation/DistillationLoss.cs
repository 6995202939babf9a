using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>How far a student's answers are from its teacher's: the distance D of L = (1-w) CE(z, y) + w T^2 D(h, z).</summary>
internal static class DistillationLoss
{
    /// <summary>D by name, mean over the batch.</summary>
    /// <param name="variant">Which reading.</param>
    /// <param name="teacher">Probabilities h [N, K], untempered: votes and mean probabilities have no logits.</param>
    /// <param name="student">Logits z [N, K].</param>
    /// <param name="temperature">T.</param>
    /// <returns>A scalar in nats.</returns>
    public static Tensor Distance(DistillationVariant variant, Tensor teacher, Tensor student, double temperature) => variant switch
    {
        DistillationVariant.Correct => SoftCrossEntropy(teacher, student, temperature),
        _ => throw new ArgumentOutOfRangeException(nameof(variant), variant, "no distance of this name"),
    };

    /// <summary>-sum_c h_c log softmax(z / T)_c, mean over the batch (Hinton et al. 2015).</summary>
    /// <param name="teacher">Probabilities [N, K].</param>
    /// <param name="student">Logits [N, K].</param>
    /// <param name="temperature">T.</param>
    public static Tensor SoftCrossEntropy(Tensor teacher, Tensor student, double temperature)
    {
        if (!teacher.shape.SequenceEqual(student.shape))
            throw new ArgumentException($"teacher labels [{string.Join(", ", teacher.shape)}] do not fit student logits [{string.Join(", ", student.shape)}]", nameof(teacher));
        using var scope = NewDisposeScope();
        return (teacher * student.div(temperature).log_softmax(1)).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}
