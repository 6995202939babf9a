using KdRobust.Domain.Experiments;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class NoiseInitializationTests
{
    static readonly ColoredNoiseSpec Normal = Colored with { FactorStart = FactorStart.Normal, Factor = -0.01, Activations = ActivationNoise.After };

    static Tensor Factor(Network network, string layer = "block2.layer.0.conv1") => network.Module.get_parameter($"{layer}.weight_noise_f")!.detach();

    // Of V^T V, by elimination with the largest pivot: as many pivots as columns that stand apart.
    static int Rank(Tensor factor)
    {
        using var scope = NewDisposeScope();
        var v = factor.to(ScalarType.Float64);
        var gram = v.transpose(0, 1).matmul(v); // [r, r]
        var largest = gram.abs().max().item<double>();
        var rank = 0;
        for (; rank < gram.shape[0]; rank++)
        {
            var pivot = (gram * eye(gram.shape[0], dtype: ScalarType.Float64)).sum(dim: 0);
            var at = pivot.argmax().item<long>();
            if (pivot[at].item<double>() < 1e-6 * largest) break;
            gram = gram - gram.select(1, at).unsqueeze(1) * gram.select(0, at).unsqueeze(0) / pivot[at];
        }
        return rank;
    }

    [DeviceFact]
    public void A_constant_start_has_rank_one_and_a_normal_start_all_of_it()
    {
        using var scope = NewDisposeScope();
        using var constant = Build(Colored);
        using var normal = Build(Normal);
        Rank(Factor(constant)).ShouldBe(1);
        Rank(Factor(normal)).ShouldBe(5);
        Rank(normal.Module.get_parameter("conv1.output_noise_f")!.detach()).ShouldBe(5);
        Values(Factor(constant)).ShouldAllBe(v => v == 0.001f);
    }

    [DeviceFact]
    public void A_normal_start_has_deviation_factor_whatever_its_sign()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Normal);
        foreach (var name in new[] { "block3.layer.0.conv2.weight_noise_f", "block3.layer.0.conv2.output_noise_f" })
        {
            var values = network.Module.get_parameter(name)!.detach().flatten();
            var count = Math.Sqrt(values.numel());
            values.mean().item<float>().ShouldBe(0, 5 * 0.01 / count, name);
            values.std().item<float>().ShouldBe(0.01f, 5 * 0.01 / (count * Math.Sqrt(2)), name);
        }
        using var zero = Build(Normal with { Factor = 0 });
        Values(Factor(zero)).ShouldAllBe(v => v == 0);
    }

    [DeviceFact]
    public void A_normal_start_shifts_no_seed_of_the_weights_and_does_not_depend_on_other_layers()
    {
        using var scope = NewDisposeScope();
        using var plain = Build();
        using var normal = Build(Normal);
        using var again = Build(Normal);
        using var fewer = Build(Normal with { Layers = Everywhere with { Stem = false, Shortcuts = false } });
        using var other = Build(Normal, seed: 4);
        foreach (var (name, weight) in plain.WeightParameters)
            Same(weight, normal.Module.get_parameter(name)!).ShouldBeTrue(name);
        Same(Factor(normal), Factor(again)).ShouldBeTrue();
        Same(Factor(normal), Factor(fewer)).ShouldBeTrue();
        Same(Factor(normal), Factor(other)).ShouldBeFalse();
        Same(Factor(normal, "block2.layer.0.conv2"), Factor(normal, "block3.layer.0.conv2").narrow(0, 0, 9216)).ShouldBeFalse();
        Same(Factor(normal), NoiseSpecs.Normal(new SeedTree(3).Seed("block2.layer.0.conv1.weight_noise_f", RandomStream.NoiseInitialization), 4608, 5) * 0.01).ShouldBeTrue();
    }

    [DeviceTheory]
    [InlineData(DiagonalForm.Absolute)]
    [InlineData(DiagonalForm.LogVariance)]
    [InlineData(DiagonalForm.Softplus)]
    public void Weights_and_activations_start_at_the_same_diagonal_in_every_form(DiagonalForm form)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Normal with { Form = form, Diagonal = 0.09 });
        foreach (var name in new[] { "conv1.weight_noise_d", "conv1.output_noise_d" })
        {
            var d = network.Module.get_parameter(name)!.detach();
            var g = form switch
            {
                DiagonalForm.Absolute => d,
                DiagonalForm.LogVariance => d.exp(),
                _ => (d.exp() + 1).log(),
            };
            (g - 0.09).abs().max().item<float>().ShouldBeLessThan(1e-6f, name);
        }
        Values(network.Module.get_parameter("fc.weight_noise_alpha")!).ShouldAllBe(alpha => alpha == 0.25f);
    }
}
