using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

public sealed class WideResNetTests
{
    // Zagoruyko and Komodakis give 36.5 M for WRN-28-10; RobustBench's WRN-28-10 has 36,479,194.
    [DeviceTheory]
    [InlineData(10, 1, 77_850)]
    [InlineData(16, 2, 691_674)]
    [InlineData(28, 4, 5_849_050)]
    [InlineData(28, 10, 36_479_194)]
    [InlineData(34, 10, 46_160_474)]
    public void Parameter_counts_are_those_of_the_literature(int depth, int width, long parameters)
    {
        using var network = ModelCatalog.Build(Shape(architecture: Wide(depth, width)), new SeedTree(1), DefaultDevice.OfProcess);
        network.WeightCount.ShouldBe(parameters);
        network.ParameterCount.ShouldBe(parameters);
    }

    [DeviceFact]
    public void Colored_noise_adds_rank_plus_one_numbers_a_convolution_weight_and_one_a_linear_weight()
    {
        using var network = Build(Colored);
        var convolutions = network.Module.named_parameters().Where(p => p.name.EndsWith("weight", StringComparison.Ordinal) && p.parameter.dim() == 4).Sum(p => p.parameter.numel());
        network.WeightCount.ShouldBe(77_850);
        network.ParameterCount.ShouldBe(77_850 + 6 * convolutions + 640);
        network.NoiseParameters.Select(p => p.Name).ShouldAllBe(name => name.Contains("weight_noise_"));
        network.NoiseParameters.Count().ShouldBe(2 * 9 + 1);
        network.WeightParameters.Select(p => p.Name).ShouldAllBe(name => !name.Contains("noise"));
    }

    [DeviceFact]
    public void State_dict_has_the_names_of_the_public_code()
    {
        using var network = ModelCatalog.Build(Shape(architecture: Wide(16, 2)), new SeedTree(1), DefaultDevice.OfProcess);
        var names = network.Module.state_dict().Keys.ToList();
        names.ShouldContain("conv1.weight");
        names.ShouldContain("block1.layer.0.convShortcut.weight");
        names.ShouldContain("block3.layer.1.bn2.running_var");
        names.ShouldContain("fc.bias");
        names.ShouldNotContain("block1.layer.1.convShortcut.weight");
        names.ShouldAllBe(name => !name.Contains("normalization"));
    }

    [DeviceFact]
    public void Convolutions_start_with_the_fan_out_deviation_and_the_head_inside_its_bound()
    {
        using var network = ModelCatalog.Build(Shape(architecture: Wide(16, 4)), new SeedTree(1), DefaultDevice.OfProcess);
        foreach (var (name, parameter) in network.WeightParameters)
        {
            if (parameter.dim() == 4 && parameter.numel() > 4000)
            {
                var expected = Math.Sqrt(2.0 / (parameter.shape[0] * parameter.shape[2] * parameter.shape[3]));
                parameter.std().item<float>().ShouldBe((float)expected, expected * 0.05, name);
            }
            if (name == "fc.weight")
            {
                parameter.abs().max().item<float>().ShouldBeLessThanOrEqualTo((float)(1 / Math.Sqrt(parameter.shape[1])));
                parameter.std().item<float>().ShouldBe((float)(1 / Math.Sqrt(3 * parameter.shape[1])), 0.005);
            }
            if (name == "fc.bias") parameter.abs().max().item<float>().ShouldBe(0);
        }
    }

    [DeviceFact]
    public void The_same_seed_gives_the_same_weights_with_and_without_noise_and_another_seed_others()
    {
        using var plain = Build(seed: 5);
        using var again = Build(seed: 5);
        using var noisy = Build(Colored, seed: 5);
        using var other = Build(seed: 6);
        foreach (var (name, parameter) in plain.WeightParameters)
        {
            Same(parameter, again.Module.get_parameter(name)!).ShouldBeTrue(name);
            Same(parameter, noisy.Module.get_parameter(name)!).ShouldBeTrue(name);
            if (parameter.dim() > 1) Same(parameter, other.Module.get_parameter(name)!).ShouldBeFalse(name);
        }
    }

    [DeviceTheory]
    [InlineData(11, 1)]
    [InlineData(8, 1)]
    [InlineData(10, 0)]
    public void A_depth_that_is_not_6n_plus_4_or_a_width_of_zero_is_refused(int depth, int width) =>
        Should.Throw<ArgumentException>(() => ModelCatalog.Build(Shape(architecture: Wide(depth, width)), new SeedTree(1), DefaultDevice.OfProcess))
            .Message.ShouldContain("expected");

    [DeviceFact]
    public void Images_of_another_shape_are_refused_with_both_shapes()
    {
        using var network = Build();
        using var wrong = zeros([2, 3, 28, 28]);
        Should.Throw<ArgumentException>(() => network.Module.call(wrong)).Message.ShouldContain("[2, 3, 28, 28]");
    }

    [DeviceFact]
    public void Dropout_depends_on_the_draw_in_training_and_does_nothing_in_evaluation()
    {
        using var scope = NewDisposeScope();
        using var network = Build(architecture: Wide(dropout: 0.3));
        using var view = new NetworkView(network, null, new SeedTree(1));
        var images = Images(4);
        Tensor Ask(long index) => view.Logits(images, Indices(4), new Draw(RandomStream.Training, 0, index)).detach();
        Same(Ask(0), Ask(0)).ShouldBeTrue();
        Same(Ask(0), Ask(1)).ShouldBeFalse();
        view.Deterministic.ShouldBeTrue();
        network.Module.eval();
        Same(Ask(0), Ask(1)).ShouldBeTrue();
    }

    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Logits_loss_and_input_gradient_are_the_golden_ones()
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        using var network = FromGolden(golden);
        using var view = new NetworkView(network, null, new SeedTree(0));
        using var frozen = view.Freeze();
        var labels = GoldenLabels(golden);
        var (gradient, logits) = view.InputGradient(GoldenImages(golden), Indices(16), default,
            z => nn.functional.cross_entropy(z, labels, reduction: nn.Reduction.None).div(16));
        LargestDifference(logits, GoldenTensor(golden, "eval_logits")).ShouldBeLessThan(TestDevice.Tolerance(3e-5));
        var expected = GoldenTensor(golden, "eval_input_grad");
        LargestDifference(gradient, expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * expected.abs().max().item<float>());
        nn.functional.cross_entropy(logits, labels).item<float>().ShouldBe((float)golden.Scalar("eval_ce_mean"), 1e-4);
    }

    [GoldenFact]
    [Trait("Category", "Golden")]
    public void Parameter_gradients_in_training_mode_are_the_golden_ones()
    {
        var golden = Golden.Open();
        using var scope = NewDisposeScope();
        using var network = FromGolden(golden);
        network.Module.train();
        nn.functional.cross_entropy(network.Module.call(GoldenImages(golden)), GoldenLabels(golden)).backward();
        foreach (var part in golden.Tensors("train_grad_step1"))
        {
            var expected = tensor(part.Floats, part.Shape);
            LargestDifference(network.Module.get_parameter(part.Name)!.grad!, expected)
                .ShouldBeLessThan(TestDevice.Tolerance(1e-5) * expected.abs().max().item<float>(), part.Name);
        }
    }
}
