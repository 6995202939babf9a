using static TorchSharp.torch;

namespace KdRobust.Learning.Distillation;

/// <summary>Who gives h to the images of a step, softened where the training softens labels.</summary>
internal interface ITeacher : IDisposable
{
    /// <summary>An epoch begins whose image i is seen in fixed view <paramref name="views"/>[i]; null when views are not fixed.</summary>
    void BeginEpoch(long[]? views);

    /// <summary>h of clean images.</summary>
    /// <param name="images">[B, 3, 32, 32] as the student sees them.</param>
    /// <param name="indices">Index of each image.</param>
    /// <param name="labelled">Index of the image whose label each image gets; as <paramref name="indices"/> unless the order is the file's.</param>
    /// <param name="epoch">Epoch from 0.</param>
    /// <param name="step">Step inside the epoch.</param>
    /// <returns>[B, K]</returns>
    Tensor OnClean(Tensor images, ReadOnlySpan<long> indices, ReadOnlySpan<long> labelled, int epoch, int step);

    /// <summary>h of perturbed images (method R2).</summary>
    /// <exception cref="NotSupportedException">This teacher was asked beforehand.</exception>
    Tensor OnPerturbed(Tensor images, ReadOnlySpan<long> indices, int epoch, int step);
}
