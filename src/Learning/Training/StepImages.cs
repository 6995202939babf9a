using static TorchSharp.torch;

namespace KdRobust.Learning.Training;

/// <summary>What one forward and backward pass of a step works on: a batch, or a micro-batch of it.</summary>
/// <param name="Indices">Index of each image in its split, b of them.</param>
/// <param name="First">Where they begin in the step's batch.</param>
/// <param name="Batch">Images of the whole step.</param>
/// <param name="Clean">x [b, 3, 32, 32], augmented.</param>
/// <param name="Labels">y [b].</param>
/// <param name="Teacher">h(x) [b, K], or null without distillation.</param>
/// <param name="OwnTeacher">The h(x) that belongs to each image, whatever the order of labels is; null without distillation.</param>
/// <param name="Perturbed">x' [b, 3, 32, 32], or null when the loss has no use for it.</param>
/// <param name="TeacherOnPerturbed">The h' of the adversarial bracket [b, K]: h(x'), or h(x); null without distillation.</param>
internal sealed record StepImages(long[] Indices, int First, int Batch, Tensor Clean, Tensor Labels, Tensor? Teacher, Tensor? OwnTeacher, Tensor? Perturbed, Tensor? TeacherOnPerturbed)
{
    /// <summary>b.</summary>
    public int Count => Indices.Length;

    /// <summary>True when this is the whole batch.</summary>
    public bool IsWhole => Count == Batch;
}
