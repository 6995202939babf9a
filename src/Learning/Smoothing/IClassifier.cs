using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Smoothing;

/// <summary>
/// Per-image loss an attack raises: logits [N, K] -> [N]. Value i depends on row i alone; it may be asked with other rows
/// that are no image's answers.
/// </summary>
internal delegate Tensor Objective(Tensor logits);

/// <summary>
/// A differentiable forward pass given the identity of a draw: all that smoothing and attacks know of a network. The two
/// members that compute are the seam for a faster twin.
/// </summary>
internal interface IClassifier
{
    /// <summary>True when every draw answers the same.</summary>
    bool Deterministic { get; }

    /// <summary>Evaluation mode and unchanged weights until the returned scope ends; the mode before comes back, also after an exception.</summary>
    IDisposable Freeze();

    /// <summary>Answers under one draw, differentiable with respect to the images.</summary>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="indices">Index of each image in its split, N of them: the identity of its input noise.</param>
    /// <param name="draw">Which draw.</param>
    /// <returns>Logits [N, K].</returns>
    Tensor Logits(Tensor images, ReadOnlySpan<long> indices, Draw draw);

    /// <summary>The gradient of the summed objective with respect to the images alone, and the logits it was taken at.</summary>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="draw">Which draw.</param>
    /// <param name="objective">Per-image loss; images do not mix in it.</param>
    /// <returns>Gradient [N, 3, H, W] and logits [N, K], both without a graph.</returns>
    (Tensor Gradient, Tensor Logits) InputGradient(Tensor images, ReadOnlySpan<long> indices, Draw draw, Objective objective);
}
