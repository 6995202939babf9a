using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Attacks;

public sealed class AttackBallTests
{
    static readonly Draw Start = new(RandomStream.AttackStart, 0, 3);

    static double[] Lengths(Tensor images)
    {
        using var scope = NewDisposeScope();
        return [.. images.to(ScalarType.Float64).square().flatten(1).sum(1).sqrt().cpu().data<double>()];
    }

    [DeviceFact]
    public void The_l2_projection_shortens_what_is_too_long_and_leaves_the_rest()
    {
        using var scope = NewDisposeScope();
        var clean = full([2, 1, 2, 2], 0.5);
        using var ball = AttackBall.Of(AttackNorm.L2, clean, 0.25);
        var moved = clean + tensor(new[] { 0.3f, 0.4f, 0, 0, 0.03f, 0, -0.04f, 0 }, [2, 1, 2, 2]);
        var projected = ball.Project(moved);
        Values(projected[0]).Zip([0.65f, 0.7f, 0.5f, 0.5f]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
        Same(projected[1], moved[1]).ShouldBeTrue();
        ball.LargestDistance(projected).ShouldBe(0.25, 1e-7);
        ball.LargestDistance(moved).ShouldBe(0.5, 1e-7);
    }

    [DeviceFact]
    public void The_l2_direction_has_length_one_and_a_zero_gradient_has_none()
    {
        using var scope = NewDisposeScope();
        using var ball = AttackBall.Of(AttackNorm.L2, zeros(4, 3, 4, 4), 1);
        var gradient = randn([4, 3, 4, 4], generator: new Generator(1));
        gradient.narrow(0, 1, 1).zero_();
        gradient.narrow(0, 2, 1).mul_(1e-30); // its square is below float32
        var kept = gradient.clone();
        var direction = ball.Direction(gradient);
        Same(gradient, kept).ShouldBeTrue();
        Lengths(direction).Zip([1.0, 0, 1, 1]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-6);
        LargestDifference(direction[0] * Lengths(gradient)[0], gradient[0]).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
    }

    [DeviceFact]
    public void The_linf_direction_is_the_sign()
    {
        using var scope = NewDisposeScope();
        using var ball = AttackBall.Of(AttackNorm.Linf, zeros(1, 1, 1, 3), 1);
        Values(ball.Direction(tensor(new[] { -0.2f, 0, 1e-20f }, [1, 1, 1, 3]))).ShouldBe([-1f, 0f, 1f]);
    }

    [DeviceTheory]
    [InlineData(0.5)]
    [InlineData(5)]
    [InlineData(50)]
    public void No_projection_leaves_the_l2_ball_by_rounding(double epsilon)
    {
        using var scope = NewDisposeScope();
        var clean = Images(8);
        using var ball = AttackBall.Of(AttackNorm.L2, clean, epsilon);
        var projected = ball.Project(clean + (randn([8, 3, 32, 32], generator: new Generator(2)) * 10));
        Lengths(projected - clean).ShouldAllBe(length => length <= epsilon + 1e-6);
        projected.min().item<float>().ShouldBeGreaterThanOrEqualTo(0);
        projected.max().item<float>().ShouldBeLessThanOrEqualTo(1);
    }

    [DeviceFact]
    public void An_l2_start_is_uniform_in_the_ball()
    {
        const int n = 4000;
        const double epsilon = 0.4;
        using var scope = NewDisposeScope();
        var clean = full([n, 1, 2, 2], 0.5);
        using var ball = AttackBall.Of(AttackNorm.L2, clean, epsilon);
        using var noise = new ImageNoise(new SeedTree(4), ImageNoiseLayout.Blocks);
        var offset = ball.RandomStart(noise, Indices(n), Start) - clean;
        var lengths = Lengths(offset);
        lengths.Max().ShouldBeLessThanOrEqualTo(epsilon + 1e-6);
        // In four dimensions the share of the volume inside r is (r / eps)^4.
        foreach (var share in new[] { 0.1, 0.5, 0.9 })
            ((double)lengths.Count(length => Math.Pow(length / epsilon, 4) < share) / n).ShouldBe(share, 5 * Math.Sqrt(share * (1 - share) / n));
        // Every coordinate is symmetric, and E x_i^2 = eps^2 / (dimensions + 2).
        var flat = offset.flatten(1);
        Values(flat.mean([0])).ShouldAllBe(mean => Math.Abs(mean) < 5 * epsilon / Math.Sqrt(6 * n));
        Values(flat.square().mean([0])).ShouldAllBe(square => Math.Abs(square - (epsilon * epsilon / 6)) < 0.002);
    }

    [DeviceTheory]
    [InlineData(AttackNorm.Linf, false)]
    [InlineData(AttackNorm.L2, false)]
    [InlineData(AttackNorm.L2, true)]
    public void A_start_depends_on_image_and_draw_alone(AttackNorm norm, bool imageByImage)
    {
        using var scope = NewDisposeScope();
        var clean = Images(6);
        using var whole = AttackBall.Of(norm, clean, 0.3);
        using var rest = AttackBall.Of(norm, clean.narrow(0, 4, 2), 0.3);
        using var noise = new ImageNoise(new SeedTree(4), imageByImage ? ImageNoiseLayout.Images : ImageNoiseLayout.Blocks);
        var start = whole.RandomStart(noise, Indices(6), Start);
        Same(start.narrow(0, 4, 2), rest.RandomStart(noise, Indices(2, 4), Start)).ShouldBeTrue();
        Same(start, whole.RandomStart(noise, Indices(6), Start with { Index = 4 })).ShouldBeFalse();
        whole.LargestDistance(start).ShouldBeInRange(0.2, 0.3 + 1e-6);
        start.min().item<float>().ShouldBeGreaterThanOrEqualTo(0);
        start.max().item<float>().ShouldBeLessThanOrEqualTo(1);
    }
}
