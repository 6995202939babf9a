using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>All images within eps of the clean ones in every pixel and inside [0,1].</summary>
internal sealed class LInfBall : IDisposable
{
    readonly Tensor _clean;
    readonly Tensor _lower;
    readonly Tensor _upper;

    /// <summary>A ball around each image.</summary>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="epsilon">Radius in pixel units.</param>
    /// <exception cref="ArgumentException">A pixel lies outside [0,1] or is not a number.</exception>
    public LInfBall(Tensor images, double epsilon)
    {
        using var scope = NewDisposeScope();
        var (low, high) = images.numel() == 0 ? (0f, 0f) : (images.min().item<float>(), images.max().item<float>());
        if (!(low >= 0 && high <= 1))
            throw new ArgumentException($"attacks work on pixels in [0,1], these lie in [{low}, {high}]: divide bytes by 255 and normalise inside the model", nameof(images));
        Epsilon = epsilon;
        _clean = images.detach().DetachFromDisposeScope();
        _lower = images.sub(epsilon).clamp_(0, 1).DetachFromDisposeScope();
        _upper = images.add(epsilon).clamp_(0, 1).DetachFromDisposeScope();
    }

    /// <summary>Radius in pixel units.</summary>
    public double Epsilon { get; }

    /// <summary>The nearest images inside the ball; changes and returns <paramref name="images"/>.</summary>
    public Tensor Project_(Tensor images) => images.clamp_(_lower, _upper);

    /// <summary>A start inside the ball.</summary>
    /// <param name="uniform">[N, 3, H, W] in [-1, 1], or null for the clean images.</param>
    public Tensor Start(Tensor? uniform) => uniform is null ? _clean.clone() : Project_(_clean + uniform * Epsilon);

    /// <summary>Largest |x' - x| of all pixels, in pixel units.</summary>
    public double LargestDistance(Tensor images)
    {
        if (images.numel() == 0) return 0;
        using var scope = NewDisposeScope();
        return (images - _clean).abs().max().item<float>();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _clean.Dispose();
        _lower.Dispose();
        _upper.Dispose();
    }
}
