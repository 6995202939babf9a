using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using TorchSharp;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class ColoredNoiseTests
{
    static readonly SeedTree Seeds = new(4);

    // A 1x1 convolution of unit vectors shows its weights: n = 8.
    static ColoredNoiseConv2d Layer(ColoredNoiseSpec noise, NoiseSource source)
    {
        var layer = new ColoredNoiseConv2d(new ConvolutionShape(8, 1, 1, 1, 1), noise, source);
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        layer.weight.copy_(NoiseSpecs.EightWeights.reshape(1, 8, 1, 1));
        layer.weight_noise_d.copy_(tensor(new float[] { 0.1f, 0.2f, -0.3f, 0.4f, 0, 0.05f, -0.15f, 0.6f }, [8]));
        layer.weight_noise_f?.copy_(arange(8 * noise.Rank, ScalarType.Float32).mul(0.37).sin().mul(0.2).reshape(8, noise.Rank));
        return layer;
    }

    static Tensor Units => eye(8).reshape(8, 8, 1, 1);

    [DeviceTheory]
    [InlineData(NoiseScale.Std, DiagonalForm.Absolute, 0)]
    [InlineData(NoiseScale.Std, DiagonalForm.Absolute, 3)]
    [InlineData(NoiseScale.Std, DiagonalForm.LogVariance, 2)]
    [InlineData(NoiseScale.Std, DiagonalForm.Softplus, 2)]
    [InlineData(NoiseScale.Variance, DiagonalForm.Absolute, 2)]
    [InlineData(NoiseScale.Variance, DiagonalForm.LogVariance, 3)]
    [InlineData(NoiseScale.Variance, DiagonalForm.Softplus, 1)]
    public void Covariance_of_samples_is_the_diagonal_plus_the_low_rank_part(NoiseScale scale, DiagonalForm form, int rank)
    {
        const int draws = 20_000;
        const double epsilon = 0.01;
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = Layer(Colored with { Scale = scale, Form = form, Rank = rank, Epsilon = epsilon }, source);
        source.Freeze(); // the deviation is then made once
        var unit = Units;
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
        var d = layer.weight_noise_d.detach();
        var g = form switch
        {
            DiagonalForm.Absolute => d.abs(),
            DiagonalForm.LogVariance => d.exp(),
            _ => (d.exp() + 1).log(),
        };
        var expected = eye(8) * (s * g + epsilon);
        if (layer.weight_noise_f is { } factor) expected = expected + factor.detach().matmul(factor.detach().transpose(0, 1));
        var centred = samples - weight;
        var covariance = centred.transpose(0, 1).matmul(centred) / draws;
        // Five standard errors of a covariance of Gaussians, sqrt((c_ii c_jj + c_ij^2) / draws).
        var variance = (expected * eye(8)).sum(dim: 0);
        var error = (variance.unsqueeze(0) * variance.unsqueeze(1) + expected * expected).div(draws).sqrt();
        ((covariance - expected).abs() / error).max().item<float>().ShouldBeLessThan(5);
        (centred.mean([0]).abs() / (variance / draws).sqrt()).max().item<float>().ShouldBeLessThan(5);
    }

    [DeviceTheory]
    [InlineData(DiagonalForm.Absolute, NoiseScale.Std)]
    [InlineData(DiagonalForm.Absolute, NoiseScale.Variance)]
    [InlineData(DiagonalForm.LogVariance, NoiseScale.Std)]
    [InlineData(DiagonalForm.LogVariance, NoiseScale.Variance)]
    [InlineData(DiagonalForm.Softplus, NoiseScale.Std)]
    [InlineData(DiagonalForm.Softplus, NoiseScale.Variance)]
    public void Gradients_of_all_parameters_and_of_the_input_are_the_slopes_also_through_the_deviations(DiagonalForm form, NoiseScale scale)
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var noise = Colored with { Form = form, Scale = scale, Rank = 2, Epsilon = 1e-3, Activations = ActivationNoise.Both };
        using var layer = new ColoredNoiseConv2d(new ConvolutionShape(2, 2, 3, 2, 3), noise, source);
        using (no_grad())
        {
            layer.to(ScalarType.Float64);
            var count = 0;
            foreach (var parameter in layer.parameters()) // away from 0, where |d| has no slope
                parameter.copy_((arange(parameter.numel(), ScalarType.Float64) * 0.7 + count++).sin().reshape(parameter.shape).mul(0.4).add(0.45));
        }
        source.Fix(Seeds, new Draw(RandomStream.Training, 0, 3));
        var input = (arange(36, ScalarType.Float64) * 1.3).cos().reshape(2, 2, 3, 3).requires_grad_();
        var upstream = (arange(16, ScalarType.Float64) * 0.9).sin().reshape(2, 2, 2, 2);
        List<(string, Tensor)> leaves = [("input", input), .. layer.named_parameters().Select(p => (p.name, (Tensor)p.parameter))];
        leaves.Count.ShouldBe(8);
        leaves.ShouldHaveTheSlopesOf(() => (layer.call(input) * upstream).sum());
    }

    [DeviceFact]
    public void Noise_is_drawn_from_the_seed_of_the_draw_and_the_layers_number_z_before_u()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        source.NextLayer();
        using var layer = Layer(Colored with { Rank = 3, Scale = NoiseScale.Std, Epsilon = 0 }, source);
        using var withoutGraph = no_grad();
        source.Fix(Seeds, new Draw(RandomStream.Craft, 2, 7));

        using var generator = new Generator((ulong)Seeds.Seed("weights", RandomStream.Craft, 2, 1, 7));
        var z = empty([8]).normal_(0, 1, generator);
        var u = empty([3]).normal_(0, 1, generator);
        var w = NoiseSpecs.EightWeights;
        var expected = w + ((w.std() * layer.weight_noise_d.abs()).sqrt() * z + layer.weight_noise_f!.matmul(u));
        Same(layer.call(Units).flatten(), expected).ShouldBeTrue();
    }

    [DeviceFact]
    public void Weights_without_noise_are_used_when_it_is_off_and_a_missing_draw_is_an_error()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = Layer(Colored, source);
        using var withoutGraph = no_grad();
        var unit = Units;
        Should.Throw<InvalidOperationException>(() => layer.call(unit)).Message.ShouldContain("draw");
        source.Off();
        Same(layer.call(unit).flatten(), layer.weight.flatten()).ShouldBeTrue();
        source.Fix(Seeds, new Draw(RandomStream.Report, 0, 0));
        Same(layer.call(unit).flatten(), layer.weight.flatten()).ShouldBeFalse();
    }

    [DeviceFact]
    public void Layers_of_one_draw_have_noise_of_their_own_and_a_layer_does_not_depend_on_the_order_of_passes()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var first = Layer(Colored, source);
        using var second = Layer(Colored, source);
        using var withoutGraph = no_grad();
        var unit = Units;
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

        var noisy = ColoredNoise.Perturb(weight, ColoredNoise.Deviation(weight, d, NoiseScale.Std, DiagonalForm.Absolute, 0), Input("eps_d"), f, Input("eps_f"));
        LargestDifference(noisy, Input("W_noisy")).ShouldBeLessThan(TestDevice.Tolerance(3e-5));
        var gradients = autograd.grad([(noisy * Input("upstream")).sum()], [weight, d, f]);
        foreach (var (gradient, name) in gradients.Zip(["grad_W", "grad_d", "grad_F"]))
        {
            var expected = Input(name);
            LargestDifference(gradient, expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * expected.abs().max().item<float>(), name);
        }
    }
}
