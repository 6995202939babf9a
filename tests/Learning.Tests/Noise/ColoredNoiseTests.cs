using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class ColoredNoiseTests
{
    static readonly SeedTree Seeds = new(4);

    // A 1x1 convolution of unit vectors shows its weights: n = 8.
    static ColoredNoiseConv2d Layer(ColoredNoiseSpec noise, NoiseSource source)
    {
        var layer = new ColoredNoiseConv2d(8, 1, 1, 1, noise, source);
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        layer.weight.copy_(tensor(new float[] { 0.1f, -0.4f, 0.3f, 0.8f, -0.2f, 0.5f, -0.9f, 0.05f }, [1, 8, 1, 1]));
        layer.weight_noise_d.copy_(tensor(new float[] { 0.1f, 0.2f, -0.3f, 0.4f, 0, 0.05f, -0.15f, 0.6f }, [8]));
        layer.weight_noise_f?.copy_(arange(8 * noise.Rank, ScalarType.Float32).mul(0.37).sin().mul(0.2).reshape(8, noise.Rank));
        return layer;
    }

    [Theory]
    [InlineData(NoiseScale.Std, 0)]
    [InlineData(NoiseScale.Std, 3)]
    [InlineData(NoiseScale.Variance, 2)]
    public void Covariance_of_samples_is_the_diagonal_plus_the_low_rank_part(NoiseScale scale, int rank)
    {
        const int draws = 20_000;
        const double epsilon = 0.01;
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = Layer(Colored with { Scale = scale, Rank = rank, Epsilon = epsilon }, source);
        var unit = eye(8).reshape(8, 8, 1, 1);
        var samples = zeros([draws, 8]);
        using (no_grad())
            for (var draw = 0; draw < draws; draw++)
            {
                using var step = NewDisposeScope();
                source.Fix(Seeds, new Draw(RandomStream.Report, 0, draw));
                samples.select(0, draw).copy_(layer.call(unit).flatten());
            }

        var weight = layer.weight.detach().flatten();
        var s = scale == NoiseScale.Std ? weight.std() : weight.std().pow(2);
        var expected = eye(8) * (s * layer.weight_noise_d.detach().abs() + epsilon);
        if (layer.weight_noise_f is { } factor) expected = expected + factor.detach().matmul(factor.detach().transpose(0, 1));
        var centred = samples - weight;
        var covariance = centred.transpose(0, 1).matmul(centred) / draws;
        // Five standard errors of a covariance of Gaussians, sqrt((c_ii c_jj + c_ij^2) / draws).
        var variance = (expected * eye(8)).sum(dim: 0);
        var error = (variance.unsqueeze(0) * variance.unsqueeze(1) + expected * expected).div(draws).sqrt();
        ((covariance - expected).abs() / error).max().item<float>().ShouldBeLessThan(5);
        (centred.mean([0]).abs() / (variance / draws).sqrt()).max().item<float>().ShouldBeLessThan(5);
    }

    [Fact]
    public void White_noise_of_the_linear_layer_has_deviation_alpha_times_that_of_the_weights()
    {
        const int draws = 10_000;
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = new WhiteNoiseLinear(4, 2, Colored, source);
        using var withoutGraph = no_grad();
        layer.weight.copy_(tensor(new float[] { 0.1f, -0.4f, 0.3f, 0.8f, -0.2f, 0.5f, -0.9f, 0.05f }, [2, 4]));
        layer.weight_noise_alpha.copy_(tensor(new float[] { 0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f }, [2, 4]));
        var unit = eye(4);
        var samples = zeros([draws, 4, 2]);
        for (var draw = 0; draw < draws; draw++)
        {
            using var step = NewDisposeScope();
            source.Fix(Seeds, new Draw(RandomStream.Report, 0, draw));
            samples.select(0, draw).copy_(layer.call(unit));
        }
        var deviation = samples.std(0).transpose(0, 1); // [2, 4]
        var expected = layer.weight_noise_alpha * layer.weight.std();
        // Five standard errors of a deviation, s / sqrt(2 draws).
        ((deviation - expected).abs() - expected * 5 / Math.Sqrt(2.0 * draws)).max().item<float>().ShouldBeLessThanOrEqualTo(1e-6f);
    }

    [Fact]
    public void Gradient_of_white_noise_reaches_alpha_and_not_the_deviation_of_the_weights()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = new WhiteNoiseLinear(4, 2, Colored, source);
        using (no_grad()) layer.weight.normal_();
        source.Fix(Seeds, new Draw(RandomStream.Training, 0, 0));
        layer.call(eye(4)).sum().backward();
        // dL/dW' = 1 everywhere; through std(W) the gradient of W would differ from 1.
        (layer.weight.grad! - 1).abs().max().item<float>().ShouldBe(0);
        layer.weight_noise_alpha.grad!.abs().min().item<float>().ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Weights_without_noise_are_used_when_it_is_off_and_a_missing_draw_is_an_error()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = Layer(Colored, source);
        using var withoutGraph = no_grad();
        var unit = eye(8).reshape(8, 8, 1, 1);
        Should.Throw<InvalidOperationException>(() => layer.call(unit)).Message.ShouldContain("draw");
        source.Off();
        Same(layer.call(unit).flatten(), layer.weight.flatten()).ShouldBeTrue();
        source.Fix(Seeds, new Draw(RandomStream.Report, 0, 0));
        Same(layer.call(unit).flatten(), layer.weight.flatten()).ShouldBeFalse();
    }

    [Fact]
    public void Layers_of_one_draw_have_noise_of_their_own_and_a_layer_does_not_depend_on_the_order_of_passes()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var first = Layer(Colored, source);
        using var second = Layer(Colored, source);
        using var withoutGraph = no_grad();
        var unit = eye(8).reshape(8, 8, 1, 1);
        source.Fix(Seeds, new Draw(RandomStream.Report, 0, 7));
        var (a, b) = (first.call(unit), second.call(unit));
        Same(a, b).ShouldBeFalse();
        Same(b, second.call(unit)).ShouldBeTrue();
        Same(a, first.call(unit)).ShouldBeTrue();
        source.Fix(Seeds, new Draw(RandomStream.Craft, 0, 7));
        Same(a, first.call(unit)).ShouldBeFalse();
    }

    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Noisy_weights_and_gradients_through_the_deviation_are_the_golden_ones()
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        Tensor Input(string name) => GoldenTensor(golden, "cni_" + name);
        var (weight, d, f) = (Input("W").requires_grad_(), Input("d").requires_grad_(), Input("F").requires_grad_());
        weight.std().item<float>().ShouldBe((float)golden.Scalar("cni_std_W"), 1e-7);

        var noisy = ColoredNoise.Perturb(weight, ColoredNoise.Deviation(weight, d, NoiseScale.Std, 0), Input("eps_d"), f, Input("eps_f"));
        LargestDifference(noisy, Input("W_noisy")).ShouldBeLessThan(3e-5);
        var gradients = autograd.grad([(noisy * Input("upstream")).sum()], [weight, d, f]);
        foreach (var (gradient, name) in gradients.Zip(["grad_W", "grad_d", "grad_F"]))
        {
            var expected = Input(name);
            LargestDifference(gradient, expected).ShouldBeLessThan(1e-5 * expected.abs().max().item<float>(), name);
        }
    }
}
