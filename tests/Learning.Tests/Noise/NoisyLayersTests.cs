using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Training;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class NoisyLayersTests
{
    static readonly Draw Some = new(RandomStream.Report, 0, 4);

    /// <summary>Every way a network can be noisy; the last ones have noise on activations.</summary>
    static readonly LayerNoiseSpec[] Noises =
    [
        NoiseSpecs.White,
        NoiseSpecs.White with { Per = AlphaPer.Layer },
        Colored with { Form = DiagonalForm.LogVariance, FactorStart = FactorStart.Normal },
        Colored with { Form = DiagonalForm.Softplus, Scale = NoiseScale.Std },
        NoiseSpecs.White with { Activations = ActivationNoise.Both },
        NoiseSpecs.White with { Activations = ActivationNoise.Before, Per = AlphaPer.Layer },
        Colored with { Activations = ActivationNoise.Both, FactorStart = FactorStart.Normal },
        Colored with { Activations = ActivationNoise.After, Form = DiagonalForm.Softplus, Rank = 0 },
    ];

    public static TheoryData<int> All => [.. Enumerable.Range(0, Noises.Length)];

    static string[] NoisyLayerNames(LayerNoiseSpec noise)
    {
        using var network = Build(noise);
        return [.. network.Module.named_modules().Where(m => m.module is INoisyLayer).Select(m => m.name)];
    }

    [DeviceFact]
    public void Switches_choose_stem_blocks_shortcuts_and_head()
    {
        var nowhere = new NoisyLayersSpec { Stem = false, Blocks = false, Shortcuts = false, Linear = false };
        foreach (LayerNoiseSpec noise in new LayerNoiseSpec[] { NoiseSpecs.White, Colored })
        {
            NoisyLayerNames(noise).Length.ShouldBe(10);
            NoisyLayerNames(noise with { Layers = nowhere }).ShouldBeEmpty();
            NoisyLayerNames(noise with { Layers = nowhere with { Stem = true } }).ShouldBe(["conv1"]);
            NoisyLayerNames(noise with { Layers = nowhere with { Linear = true } }).ShouldBe(["fc"]);
            NoisyLayerNames(noise with { Layers = nowhere with { Shortcuts = true } })
                .ShouldBe(["block2.layer.0.convShortcut", "block3.layer.0.convShortcut"], ignoreOrder: true);
            NoisyLayerNames(noise with { Layers = nowhere with { Blocks = true } })
                .ShouldBe(Enumerable.Range(1, 3).SelectMany(b => new[] { $"block{b}.layer.0.conv1", $"block{b}.layer.0.conv2" }), ignoreOrder: true);
        }
    }

    [DeviceFact]
    public void A_network_with_every_switch_off_is_the_plain_one_with_the_plain_ones_parameters()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored with { Layers = new() { Stem = false, Blocks = false, Shortcuts = false, Linear = false } });
        using var plain = Build();
        network.HasWeightNoise.ShouldBeFalse();
        network.NoiseParameters.ShouldBeEmpty();
        network.Module.state_dict().Keys.ShouldBe(plain.Module.state_dict().Keys);
        Same(Ask(network, Some), Ask(plain, Some)).ShouldBeTrue();
    }

    // As evaluation asks.
    static Tensor Ask(Network network, Draw draw, bool weightNoise = true)
    {
        using var view = new NetworkView(network, null, new SeedTree(1)) { WeightNoise = weightNoise };
        using var frozen = view.Freeze();
        return view.Logits(Images(3), Indices(3), draw);
    }

    /// <summary>WRN-10-1 counts its layers in the order of construction; seeds depend on these numbers.</summary>
    [DeviceFact]
    public void Numbers_of_layers_are_the_order_of_construction_and_stay_when_other_layers_are_plain()
    {
        string[] order =
        [
            "conv1", "block1.layer.0.conv1", "block1.layer.0.conv2", "block2.layer.0.conv1", "block2.layer.0.conv2", "block2.layer.0.convShortcut",
            "block3.layer.0.conv1", "block3.layer.0.conv2", "block3.layer.0.convShortcut", "fc",
        ];
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        var seeds = new SeedTree(9);
        foreach (var layers in new[] { Everywhere, Everywhere with { Stem = false }, Everywhere with { Shortcuts = false }, Everywhere with { Linear = false }, Everywhere with { Blocks = false } })
        {
            using var network = Build(NoiseSpecs.White with { Layers = layers });
            network.Source.Fix(seeds, Some);
            var modules = network.Module.named_modules().ToDictionary(m => m.name, m => m.module);
            foreach (var (number, name) in order.Index())
            {
                if (modules[name] is not INoisyLayer) continue;
                var layer = (nn.Module<Tensor, Tensor>)modules[name];
                var weight = layer.get_parameter("weight")!;
                var z = NoiseSpecs.Normal(seeds.Seed("weights", Some.Stream, Some.Epoch, number, Some.Index), weight.shape);
                var noisy = weight + weight.std() * 0.25 * z;
                var expected = weight.dim() == 2
                    ? nn.functional.linear(ones(1, 64), noisy, layer.get_parameter("bias")!)
                    : nn.functional.conv2d(ones(1, weight.shape[1], 8, 8), noisy, null, Stride(name), [weight.shape[2] / 2, weight.shape[2] / 2]);
                var answer = layer.call(weight.dim() == 2 ? ones(1, 64) : ones(1, weight.shape[1], 8, 8));
                LargestDifference(answer, expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5), $"{name} is layer {number}");
            }
        }

        static long[] Stride(string name) => name is "block2.layer.0.conv1" or "block2.layer.0.convShortcut" or "block3.layer.0.conv1" or "block3.layer.0.convShortcut" ? [2, 2] : [1, 1];
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void Every_noise_trains_under_attack_and_a_gradient_reaches_every_parameter(int noise)
    {
        using var scope = NewDisposeScope();
        var seeds = new SeedTree(1);
        using var network = Build(Noises[noise]);
        using var view = new NetworkView(network, Networks.Pixels(0.1), seeds, ImageNoiseLayout.Images);
        var (images, labels) = (Images(4), Labels(4));
        using var attack = new Pgd(Attack(2), seeds, ImageNoiseLayout.Images);
        var perturbed = attack.Perturb(view, images, labels, Indices(4), new AttackMoment(0, 0));
        nn.functional.cross_entropy(view.Logits(perturbed, Indices(4), new Draw(RandomStream.Training, 0, 0)), labels).backward();
        foreach (var (name, parameter) in network.Module.named_parameters())
        {
            (parameter.grad is { } gradient && gradient.isfinite().all().item<bool>()).ShouldBeTrue(name);
            parameter.grad!.abs().max().item<float>().ShouldBeGreaterThan(0, name);
        }
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void Noise_switched_off_is_the_plain_network_bit_for_bit_also_in_training(int noise)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Noises[noise]);
        using var plain = Build();
        using var view = new NetworkView(network, null, new SeedTree(1));
        using var mean = new NetworkView(network, null, new SeedTree(1)) { WeightNoise = false };
        network.HasWeightNoise.ShouldBeTrue();
        view.Deterministic.ShouldBeFalse();
        mean.Deterministic.ShouldBeTrue();
        var off = Ask(network, Some, weightNoise: false);
        Same(off, Ask(plain, Some)).ShouldBeTrue();
        Same(off, Ask(network, Some)).ShouldBeFalse();
        Same(Ask(network, Some), Ask(network, Some)).ShouldBeTrue();
        Same(Ask(network, Some), Ask(network, Some with { Index = 5 })).ShouldBeFalse();
        network.Module.train();
        plain.Module.train();
        Same(mean.Logits(Images(3), Indices(3), Some), plain.Module.call(Images(3))).ShouldBeTrue();
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void Noise_whose_parameters_are_all_zero_is_the_plain_network_bit_for_bit(int noise)
    {
        using var scope = NewDisposeScope();
        var spec = Noises[noise] is ColoredNoiseSpec colored ? colored with { Epsilon = 0 } : Noises[noise];
        using var network = Build(spec);
        using var plain = Build();
        using (no_grad())
            foreach (var (name, parameter) in network.NoiseParameters)
                // Positive forms reach 0 where exp(d) underflows.
                parameter.fill_(name.EndsWith("_d", StringComparison.Ordinal) && spec is ColoredNoiseSpec { Form: not DiagonalForm.Absolute } ? -200 : 0);
        Same(Ask(network, Some), Ask(plain, Some)).ShouldBeTrue();
    }

    [DeviceFact]
    public void A_network_is_random_when_only_its_activations_have_noise()
    {
        using var scope = NewDisposeScope();
        using var network = Build(NoiseSpecs.White with { Activations = ActivationNoise.After });
        using (no_grad())
            foreach (var (name, parameter) in network.NoiseParameters)
                if (name.Contains("weight_noise", StringComparison.Ordinal)) parameter.fill_(0);
        network.HasWeightNoise.ShouldBeTrue();
        Same(Ask(network, Some), Ask(network, Some with { Index = 9 })).ShouldBeFalse();
        Same(Ask(network, Some, weightNoise: false), Ask(network, Some with { Index = 9 }, weightNoise: false)).ShouldBeTrue();
    }

    [DeviceFact]
    public void Noise_on_activations_has_the_size_of_what_enters_and_of_what_truly_leaves()
    {
        using var white = Build(NoiseSpecs.White with { Activations = ActivationNoise.Both });
        using var colored = Build(Colored with { Activations = ActivationNoise.Both, Rank = 3 });
        using var perLayer = Build(NoiseSpecs.White with { Activations = ActivationNoise.Both, Per = AlphaPer.Layer });
        (string Layer, long[] Input, long[] Output)[] sizes =
        [
            ("conv1", [3, 32, 32], [16, 32, 32]),
            ("block1.layer.0.conv1", [16, 32, 32], [16, 32, 32]),
            ("block2.layer.0.conv1", [16, 32, 32], [32, 16, 16]), // stride 2
            ("block2.layer.0.convShortcut", [16, 32, 32], [32, 16, 16]),
            ("block2.layer.0.conv2", [32, 16, 16], [32, 16, 16]),
            ("block3.layer.0.conv2", [64, 8, 8], [64, 8, 8]),
        ];
        foreach (var (layer, input, output) in sizes)
        {
            white.Module.get_parameter($"{layer}.input_noise_alpha")!.shape.ShouldBe(input);
            white.Module.get_parameter($"{layer}.output_noise_alpha")!.shape.ShouldBe(output);
            perLayer.Module.get_parameter($"{layer}.output_noise_alpha")!.shape.ShouldBe([1]);
            colored.Module.get_parameter($"{layer}.input_noise_d")!.shape.ShouldBe([input[0] * input[1] * input[2]]);
            colored.Module.get_parameter($"{layer}.output_noise_f")!.shape.ShouldBe([output[0] * output[1] * output[2], 3]);
        }
        white.NoiseParameters.Count(p => p.Name.StartsWith("fc.", StringComparison.Ordinal)).ShouldBe(1, "the head has noise in its weights only");
        white.NoiseParameters.Count().ShouldBe(9 * 3 + 1);
        colored.NoiseParameters.Count().ShouldBe(9 * 6 + 1);
        white.WeightCount.ShouldBe(77_850);
        colored.WeightCount.ShouldBe(77_850);
        using var before = Build(NoiseSpecs.White with { Activations = ActivationNoise.Before });
        before.NoiseParameters.ShouldAllBe(p => !p.Name.Contains("output_noise"));
        using var after = Build(NoiseSpecs.White with { Activations = ActivationNoise.After });
        after.NoiseParameters.ShouldAllBe(p => !p.Name.Contains("input_noise"));
    }

    /// <summary>Also with noise on activations an image's answer is the same in every batch, place and shard.</summary>
    [DeviceTheory]
    [MemberData(nameof(All))]
    public void Answers_of_an_image_do_not_depend_on_its_batch(int noise)
    {
        using var scope = NewDisposeScope();
        using var network = Build(Noises[noise]);
        using var view = new NetworkView(network, Networks.Pixels(0.1), new SeedTree(1));
        using var frozen = view.Freeze();
        var images = Images(6);
        var whole = view.Logits(images, Indices(6), Some);
        var size = whole.abs().max().item<float>();
        foreach (var (first, count) in new[] { (0, 1), (1, 2), (3, 3), (5, 1) })
            LargestDifference(view.Logits(images.narrow(0, first, count), Indices(count, first), Some), whole.narrow(0, first, count)).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * size);
        long[] mixed = [4, 0, 5];
        var rows = tensor(mixed);
        LargestDifference(view.Logits(images.index_select(0, rows), mixed, Some), whole.index_select(0, rows)).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * size);

        // So does its gradient.
        Tensor Objective(Tensor logits) => logits.square().sum(1);
        var (together, _) = view.InputGradient(images, Indices(6), Some, Objective);
        var (alone, _) = view.InputGradient(images.narrow(0, 3, 1), Indices(1, 3), Some, Objective);
        LargestDifference(alone[0], together[3]).ShouldBeLessThan(1e-4 * together[3].abs().max().item<float>());
    }

    [DeviceFact]
    public void Counts_over_draws_are_equal_for_every_batch_size()
    {
        using var scope = NewDisposeScope();
        using var network = Build(NoiseSpecs.White with { Activations = ActivationNoise.Both });
        using var view = new NetworkView(network, null, new SeedTree(1));
        using var one = SmoothedCounts.Of(view, Images(7), Indices(7), RandomStream.Report, 4, batchSize: 7);
        using var other = SmoothedCounts.Of(view, Images(7), Indices(7), RandomStream.Report, 4, batchSize: 3);
        Same(one.Votes(), other.Votes()).ShouldBeTrue();
        LargestDifference(one.MeanProbability(), other.MeanProbability()).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
    }

    [DeviceTheory]
    [MemberData(nameof(All))]
    public void All_parameters_of_the_noise_form_the_group_with_its_own_rate_and_decay(int noise)
    {
        using var scope = NewDisposeScope();
        var spec = Noises[noise] with { LearningRateFactor = 0, WeightDecay = 0 };
        using var network = Build(spec);
        var all = network.Module.named_parameters().Select(p => p.name).ToList();
        network.NoiseParameters.Select(p => p.Name).ShouldBe(all.Where(name => name.Contains("_noise_")), ignoreOrder: true);
        network.WeightParameters.Select(p => p.Name).ShouldBe(all.Where(name => !name.Contains("_noise_")), ignoreOrder: true);

        // With a rate of zero the group stands still while the weights move.
        using var optimizer = new WeightOptimizer(new SgdSpec { LearningRate = 0.1, WeightDecay = 0.1, Momentum = 0, Nesterov = false }, [.. network.WeightParameters], [.. network.NoiseParameters], spec);
        var before = network.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());
        using var view = new NetworkView(network, null, new SeedTree(1));
        view.Logits(Images(2), Indices(2), Some).square().sum().backward();
        optimizer.Step(1);
        foreach (var (name, parameter) in network.Module.named_parameters())
            Same(parameter, before[name]).ShouldBe(name.Contains("_noise_"), name);
    }
}
