using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>All images within eps of the clean ones in one norm and inside [0,1], and the steepest direction in that norm.</summary>
internal abstract class AttackBall : IDisposable
{
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="epsilon">Radius in pixel units.</param>
    /// <exception cref="ArgumentException">A pixel lies outside [0,1] or is not a number.</exception>
    protected AttackBall(Tensor images, double epsilon)
    {
        var (low, high) = images.numel() == 0 ? (0f, 0f) : Range(images);
        if (!(low >= 0 && high <= 1))
            throw new ArgumentException($"attacks work on pixels in [0,1], these lie in [{low}, {high}]: divide bytes by 255 and normalise inside the model", nameof(images));
        Epsilon = epsilon;
        Clean = images.detach().DetachFromDisposeScope();
    }

    /// <summary>A ball around each image.</summary>
    /// <param name="norm">Which distance.</param>
    /// <param name="images">[N, 3, H, W] in [0,1].</param>
    /// <param name="epsilon">Radius in pixel units.</param>
    /// <exception cref="ArgumentException">A pixel lies outside [0,1] or is not a number.</exception>
    public static AttackBall Of(AttackNorm norm, Tensor images, double epsilon) => norm switch
    {
        AttackNorm.Linf => new LInfBall(images, epsilon),
        AttackNorm.L2 => new L2Ball(images, epsilon),
        _ => throw new ArgumentOutOfRangeException(nameof(norm), norm, "expected linf or l2"),
    };

    /// <summary>Radius in pixel units.</summary>
    public double Epsilon { get; }

    /// <summary>The clean images [N, 3, H, W]; this object's, and never changed.</summary>
    public Tensor Clean { get; }

    /// <summary>The nearest images inside the ball; may change <paramref name="images"/>.</summary>
    public abstract Tensor Project(Tensor images);

    /// <summary>The step of length 1 along which a gradient rises fastest; zero where the gradient is.</summary>
    /// <param name="gradient">[N, 3, H, W]; is left as it is.</param>
    public abstract Tensor Direction(Tensor gradient);

    /// <summary>Images drawn uniformly from the ball, then clipped to [0,1].</summary>
    /// <param name="noise">Where they come from.</param>
    /// <param name="indices">Index of each image in its split.</param>
    /// <param name="draw">Which draw.</param>
    public abstract Tensor RandomStart(ImageNoise noise, ReadOnlySpan<long> indices, Draw draw);

    /// <summary>Largest distance of any image from its clean one, in pixel units.</summary>
    public abstract double LargestDistance(Tensor images);

    /// <summary>Frees what a ball keeps.</summary>
    public virtual void Dispose() => Clean.Dispose();

    static (float Low, float High) Range(Tensor images)
    {
        using var scope = NewDisposeScope();
        return (images.min().item<float>(), images.max().item<float>());
    }
}
