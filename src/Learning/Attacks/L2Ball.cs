using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Attacks;

/// <summary>
/// All images whose distance from the clean one, over all values of the image together, is at most eps, and inside [0,1];
/// its steepest direction is the gradient divided by its length. Lengths are computed in float64, so that rounding leaves
/// no image outside.
/// </summary>
internal sealed class L2Ball(Tensor images, double epsilon) : AttackBall(images, epsilon)
{
    // Below the length of any float32 gradient that is not zero.
    const double Shortest = 1e-60;

    /// <inheritdoc/>
    public override Tensor Project(Tensor images)
    {
        using var scope = NewDisposeScope();
        var moved = images.to(ScalarType.Float64) - Clean; // [N, 3, H, W]
        var scale = Lengths(moved).clamp_(min: Shortest).reciprocal_().mul_(Epsilon).clamp_(max: 1); // [N, 1, 1, 1]
        // Clipping to [0,1] after the ball leaves neither: every pixel comes nearer to its clean value or stays.
        return moved.mul_(scale).add_(Clean).to(images.dtype).clamp_(0, 1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor Direction(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        var wide = gradient.to(ScalarType.Float64);
        return wide.div(Lengths(wide).clamp_(min: Shortest)).to(gradient.dtype).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override Tensor RandomStart(ImageNoise noise, ReadOnlySpan<long> indices, Draw draw)
    {
        using var scope = NewDisposeScope();
        var direction = Direction(noise.Normal(Clean, indices, draw)); // [N, 3, H, W], uniform on the sphere
        using var one = empty([indices.Length, 1, 1, 1], ScalarType.Float32, Clean.device);
        var dimensions = Clean.numel() / Math.Max(1, indices.Length);
        // The share of a ball's volume inside radius r is (r / eps)^dimensions.
        var radius = noise.Uniform(one, indices, draw).abs_().pow_(1.0 / dimensions).mul_(Epsilon); // [N, 1, 1, 1]
        return Project(Clean + (direction * radius)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public override double LargestDistance(Tensor images)
    {
        if (images.numel() == 0) return 0;
        using var scope = NewDisposeScope();
        return Lengths(images.to(ScalarType.Float64) - Clean).max().item<double>();
    }

    // [N, 3, H, W] float64 -> [N, 1, 1, 1]
    static Tensor Lengths(Tensor images)
    {
        using var scope = NewDisposeScope();
        return images.flatten(1).norm(1).view(-1, 1, 1, 1).MoveToOuterDisposeScope();
    }
}
