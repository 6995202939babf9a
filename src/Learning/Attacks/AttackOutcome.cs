using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// How the attacker saw its images fall, by iteration k = 0..K; iterate 0 is the start (the clean image without a random
/// start). With several restarts an image counts with its worst. In expectation, the answer under the crafting draws is that of
/// the mean of what is averaged (<see cref="Expectation"/>). Right is the true class, also under a targeted attack.
/// </summary>
/// <param name="Images">N.</param>
/// <param name="Survivors">Images that no iterate 0..k has fooled under the crafting draws; never rises. One minus the cumulative success.</param>
/// <param name="CorrectAtStep">Images answered rightly at iterate k under its crafting draws; a frozen image is asked again where it stands.</param>
/// <param name="LargestPerturbation">Largest distance of an image from its clean one, in the attack's norm and in pixel units.</param>
internal sealed record AttackCurve(int Images, IReadOnlyList<int> Survivors, IReadOnlyList<int> CorrectAtStep, double LargestPerturbation)
{
    /// <summary>The curve of both sets of images together.</summary>
    public AttackCurve Plus(AttackCurve other) => new(
        Images + other.Images,
        [.. Survivors.Zip(other.Survivors, (a, b) => a + b)],
        [.. CorrectAtStep.Zip(other.CorrectAtStep, (a, b) => a + b)],
        Math.Max(LargestPerturbation, other.LargestPerturbation));
}

/// <summary>Perturbed images and how they came about.</summary>
/// <param name="Images">[N, 3, H, W], inside the ball and inside [0,1]; the caller's.</param>
/// <param name="Curve">What the attacker saw.</param>
internal sealed record AttackOutcome(Tensor Images, AttackCurve Curve) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Images.Dispose();
}

/// <summary>When an attack happens: attacks of other moments have other draws.</summary>
/// <param name="Epoch">Training epoch from 0; 0 in evaluation.</param>
/// <param name="Step">Step inside the epoch; 0 in evaluation, where all batches share their draws.</param>
internal readonly record struct AttackMoment(int Epoch, long Step);
