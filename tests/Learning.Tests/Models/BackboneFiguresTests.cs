using KdRobust.Domain.Experiments;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

/// <summary>What backbones cost and of how many layers they are made, against the literature and against formulas.</summary>
public sealed class BackboneFiguresTests
{
    static Backbone Make(ArchitectureSpec architecture, ILayerFactory layers, NoiseSource source) => architecture switch
    {
        WideResNetSpec wide => new WideResNet(wide, layers, source),
        CifarResNetSpec cifar => new CifarResNet(cifar, layers),
        ResNet18Spec resNet => new ResNet18(resNet, layers),
        PreActResNet18Spec preAct => new PreActResNet18(preAct, layers),
        _ => throw new ArgumentOutOfRangeException(nameof(architecture)),
    };

    static ProbeLayers Pass(ArchitectureSpec architecture)
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var layers = new ProbeLayers();
        using var backbone = Make(architecture, layers, source);
        backbone.call(Images(1)).shape.ShouldBe([1, 10]);
        return layers;
    }

    // The formula of a CIFAR ResNet of n blocks a stage, written out: convolutions, scale and shift of batch norms, head.
    static long Parameters(int depth, ResNetShortcut shortcut)
    {
        var n = (depth - 2) / 6;
        long Kernels(long from, long to) => 9 * from * to;
        var convolutions = Kernels(3, 16) + (2 * n * Kernels(16, 16))
            + Kernels(16, 32) + (((2 * n) - 1) * Kernels(32, 32))
            + Kernels(32, 64) + (((2 * n) - 1) * Kernels(64, 64));
        var norms = 2L * (((1 + (2 * n)) * 16) + (2 * n * 32) + (2 * n * 64));
        var shortcuts = shortcut == ResNetShortcut.Projection ? (16 * 32) + (32 * 64) + (2 * (32 + 64)) : 0;
        return convolutions + norms + shortcuts + (64 * 10) + 10;
    }

    // Published for the padded ones: 0.27, 0.46, 0.66, 0.85 and 1.7 million.
    [DeviceTheory]
    [InlineData(20, ResNetShortcut.Pad, 269_722)]
    [InlineData(32, ResNetShortcut.Pad, 464_154)]
    [InlineData(44, ResNetShortcut.Pad, 658_586)]
    [InlineData(56, ResNetShortcut.Pad, 853_018)]
    [InlineData(110, ResNetShortcut.Pad, 1_727_962)]
    [InlineData(20, ResNetShortcut.Projection, 272_474)]
    [InlineData(110, ResNetShortcut.Projection, 1_730_714)]
    public void A_CIFAR_ResNet_has_the_parameters_of_the_literature(int depth, ResNetShortcut shortcut, long parameters)
    {
        using var network = ModelCatalog.Build(Shape(architecture: Cifar(depth, shortcut)), new SeedTree(1), DefaultDevice.OfProcess);
        Parameters(depth, shortcut).ShouldBe(parameters);
        network.WeightCount.ShouldBe(parameters);
        network.ParameterCount.ShouldBe(parameters);
    }

    // A stage from width f to t has kernels 3x3 of f t + 3 t t, a projection f t where f is not t, and scale and shift of four
    // batch norms over t and one for the projection; with pre-activation the first norm is over f, the projection has none,
    // and the norm of the stem stands behind the last stage.
    [DeviceTheory]
    [InlineData(false, 11_173_962)]
    [InlineData(true, 11_172_170)]
    public void An_18_layer_network_has_the_parameters_of_the_literature(bool preAct, long parameters)
    {
        long[] widths = [64, 64, 128, 256, 512];
        var expected = (9L * 3 * 64) + (512 * 10) + 10 + (2 * (preAct ? 512 : 64));
        for (var stage = 1; stage <= 4; stage++)
        {
            var (from, to) = (widths[stage - 1], widths[stage]);
            expected += (9 * from * to) + (3 * 9 * to * to) + (2 * ((preAct ? from : to) + (3 * to)));
            if (from != to) expected += (from * to) + (preAct ? 0 : 2 * to);
        }
        ArchitectureSpec architecture = preAct ? new PreActResNet18Spec { Normalize = null } : new ResNet18Spec { Normalize = null };
        using var network = ModelCatalog.Build(Shape(architecture: architecture), new SeedTree(1), DefaultDevice.OfProcess);
        expected.ShouldBe(parameters);
        network.WeightCount.ShouldBe(parameters);
        network.ParameterCount.ShouldBe(parameters);
    }

    // Billions of multiplications as the literature rounds them; every layer sees the shape its factory was told.
    [DeviceTheory]
    [InlineData("WRN-28-4", 0.8456, 0.00005)]
    [InlineData("WRN-28-10", 5.243, 0.0005)]
    [InlineData("WRN-34-10", 6.659, 0.0005)]
    [InlineData("ResNet-20-A", 0.0406, 0.00005)]
    [InlineData("ResNet-20-B", 0.0408, 0.00005)]
    [InlineData("ResNet-110-A", 0.2529, 0.00005)]
    [InlineData("ResNet-18", 0.555, 0.002)]
    [InlineData("PreActResNet-18", 0.555, 0.002)]
    public void A_forward_pass_costs_what_the_literature_says(string name, double billions, double tolerance)
    {
        ArchitectureSpec architecture = name switch
        {
            "WRN-28-4" => Wide(28, 4),
            "WRN-28-10" => Wide(28, 10),
            "WRN-34-10" => Wide(34, 10),
            "ResNet-20-A" => Cifar(20, ResNetShortcut.Pad),
            "ResNet-20-B" => Cifar(20, ResNetShortcut.Projection),
            "ResNet-110-A" => Cifar(110, ResNetShortcut.Pad),
            "ResNet-18" => new ResNet18Spec { Normalize = null },
            _ => new PreActResNet18Spec { Normalize = null },
        };
        (Pass(architecture).Multiplications / 1e9).ShouldBe(billions, tolerance);
    }

    [DeviceTheory]
    [InlineData("WRN-16-2", 12, 3)]
    [InlineData("ResNet-20 padded", 18, 0)]
    [InlineData("ResNet-20 projected", 18, 2)]
    [InlineData("ResNet-32 padded, pixels as they are", 30, 0)]
    [InlineData("ResNet-18", 16, 3)]
    [InlineData("PreActResNet-18", 16, 3)]
    public void Every_convolution_has_its_role_and_each_can_be_noisy(string name, int blocks, int shortcuts)
    {
        var layers = Pass(Backbones.All[name]);
        layers.Count(LayerRole.Stem).ShouldBe(1);
        layers.Count(LayerRole.Block).ShouldBe(blocks);
        layers.Count(LayerRole.Shortcut).ShouldBe(shortcuts);
        layers.Linears.ShouldBe(1);
        layers.OddKernels.ShouldBe(0);
        layers.Passed.ShouldBe(1 + blocks + shortcuts + 1, "a layer was made and not used, or used twice");

        using var network = ModelCatalog.Build(Shape(Colored with { Rank = 1 }, Backbones.All[name]), new SeedTree(1), DefaultDevice.OfProcess);
        network.Source.Layers.Count.ShouldBe(1 + blocks + shortcuts + 1);
        network.NoiseParameters.Sum(noise => noise.Parameter.numel()).ShouldBe(
            (2 * layers.ConvolutionWeights) + network.WeightParameters.Single(weight => weight.Parameter.dim() == 2).Parameter.numel());
    }

    [DeviceFact]
    public void Weights_of_convolutions_are_as_many_as_the_public_codes_have()
    {
        Pass(Wide(28, 4)).ConvolutionWeights.ShouldBe(5_839_280);
        Pass(Cifar(20, ResNetShortcut.Projection)).ConvolutionWeights.ShouldBe(270_256);
    }
}
