using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>All images within eps of the clean ones in every pixel and inside [0,1]; its steepest direction is the gradient's sign.</summary>
internal sealed class LInfBall : AttackBall
{
    readonly Tensor _lower;
    readonly Tensor _upper;

    /// <inheritdoc/>
    public LInfBall(Tensor images, double epsilon)
        : base(images, epsilon)
    {
        using var scope = NewDisposeScope();
        _lower = images.sub(epsilon).clamp_(0, 1).DetachFromDisposeScope();
        _upper = images.add(epsilon).clamp_(0, 1).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Project(Tensor images) => images.clamp_(_lower, _upper);

    /// <inheritdoc/>
    public override Tensor Direction(Tensor gradient) => gradient.sign();

    /// <inheritdoc/>
    public override Tensor RandomStart(ImageNoise noise, ReadOnlySpan<long> indices, Draw draw)
    {
        using var scope = NewDisposeScope();
        return Project(Clean + (noise.Uniform(Clean, indices, draw) * Epsilon)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double LargestDistance(Tensor images)
    {
        if (images.numel() == 0) return 0;
        using var scope = NewDisposeScope();
        return (images - Clean).abs().max().item<float>();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _lower.Dispose();
        _upper.Dispose();
        base.Dispose();
    }
}
