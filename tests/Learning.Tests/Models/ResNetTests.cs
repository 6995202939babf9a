using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using KdRobust.Torch;
using TorchSharp.Modules;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

public sealed class ResNetTests
{
    public static TheoryData<string> Names => Backbones.Names;

    static Network Make(ArchitectureSpec architecture, NoiseSpec? noise = null, long seed = 1) =>
        ModelCatalog.Build(Shape(noise, architecture), new SeedTree(seed), DefaultDevice.OfProcess);

    [WeightsFact]
    public void State_dicts_have_the_names_and_shapes_of_the_published_files()
    {
        using var dicts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(TestEnvironment.Weights!, "state-dicts.json")));
        // Files older than PyTorch 0.4.1 have no counters.
        foreach (var (file, shortcut, counters) in new[]
                 {
                     ("resnet20-12fca82f.th", ResNetShortcut.Pad, false),
                     ("siam-regular-resnet20.pth.tar", ResNetShortcut.Projection, true),
                 })
        {
            var published = dicts.RootElement.GetProperty(file).GetProperty("keys").EnumerateObject()
                .Select(entry => Entry(entry.Name.StartsWith("module.", StringComparison.Ordinal) ? entry.Name["module.".Length..] : entry.Name, entry.Value[0].EnumerateArray().Select(size => size.GetInt64())))
                .ToList();
            using var network = Make(Cifar(20, shortcut));
            network.Module.state_dict()
                .Where(entry => counters || !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                .Select(entry => Entry(entry.Key, entry.Value.shape))
                .ShouldBe(published, file);
        }
        static string Entry(string name, IEnumerable<long> shape) => $"{name} [{string.Join(", ", shape)}]";
    }

    [DeviceFact]
    public void Names_of_the_18_layer_networks_are_those_of_public_code()
    {
        using var plain = Make(new ResNet18Spec { Normalize = Networks.Normalization });
        using var preAct = Make(new PreActResNet18Spec { Normalize = Networks.Normalization });
        string[] Named(Network network, string prefix) => [.. network.Module.named_parameters().Select(p => p.name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];

        Named(plain, "layer2.0.").ShouldBe([
            "layer2.0.conv1.weight", "layer2.0.bn1.weight", "layer2.0.bn1.bias", "layer2.0.conv2.weight", "layer2.0.bn2.weight", "layer2.0.bn2.bias",
            "layer2.0.shortcut.0.weight", "layer2.0.shortcut.1.weight", "layer2.0.shortcut.1.bias"]);
        Named(preAct, "layer2.0.").ShouldBe([
            "layer2.0.bn1.weight", "layer2.0.bn1.bias", "layer2.0.conv1.weight", "layer2.0.bn2.weight", "layer2.0.bn2.bias", "layer2.0.conv2.weight",
            "layer2.0.shortcut.0.weight"]);
        Named(plain, "layer1.0.shortcut").ShouldBeEmpty();
        Named(preAct, "layer4.1.shortcut").ShouldBeEmpty();
        Named(plain, "").Where(name => !name.StartsWith("layer", StringComparison.Ordinal))
            .ShouldBe(["conv1.weight", "bn1.weight", "bn1.bias", "linear.weight", "linear.bias"]);
        Named(preAct, "").Where(name => !name.StartsWith("layer", StringComparison.Ordinal))
            .ShouldBe(["conv1.weight", "bn.weight", "bn.bias", "linear.weight", "linear.bias"]);
    }

    [DeviceFact]
    public void A_padded_shortcut_takes_every_second_pixel_between_zero_channels()
    {
        using var scope = NewDisposeScope();
        using var shortcut = new PaddedShortcut(new BlockShape(16, 32, 2, 8));
        var input = arange(2 * 16 * 8 * 8, ScalarType.Float32).add(1).reshape(2, 16, 8, 8).requires_grad_();
        var output = shortcut.call(input);
        output.shape.ShouldBe([2, 32, 4, 4]);
        var (from, to) = (input.cpu().data<float>().ToArray(), output.cpu().data<float>().ToArray());
        for (var i = 0; i < to.Length; i++)
        {
            var (image, channel, row, column) = (i / (32 * 16), i / 16 % 32, i / 4 % 4, i % 4);
            var expected = channel is < 8 or >= 24 ? 0 : from[(((((image * 16) + channel - 8) * 8) + (2 * row)) * 8) + (2 * column)];
            to[i].ShouldBe(expected, $"[{image}, {channel}, {row}, {column}]");
        }
        output.sum().backward();
        var gradient = input.grad!.cpu().data<float>().ToArray();
        for (var i = 0; i < gradient.Length; i++)
            gradient[i].ShouldBe(i / 8 % 2 == 0 && i % 2 == 0 ? 1 : 0);
    }

    // A deviation of n values is known within deviation / sqrt(2n) (less for uniform ones); five of them.
    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void Weights_start_as_the_backbone_says(string name)
    {
        using var scope = NewDisposeScope();
        using var network = Make(Backbones.All[name]);
        foreach (var (key, parameter) in network.WeightParameters)
        {
            var shape = parameter.shape;
            var values = parameter.detach();
            if (shape.Length == 1)
            {
                Same(values, full(shape, key.EndsWith(".weight", StringComparison.Ordinal) ? 1f : 0f)).ShouldBeTrue(key);
                continue;
            }
            var fanIn = shape.Length == 2 ? shape[1] : shape[1] * shape[2] * shape[3];
            var uniform = shape.Length == 2 || Backbones.All[name] is ResNet18Spec or PreActResNet18Spec;
            var expected = uniform ? 1 / Math.Sqrt(3 * fanIn)
                : Math.Sqrt(2.0 / (Backbones.All[name] is WideResNetSpec ? shape[0] * shape[2] * shape[3] : fanIn));
            values.std().item<float>().ShouldBe((float)expected, 5 * expected / Math.Sqrt(2 * values.numel()), key);
            (values.abs().max().item<float>() * Math.Sqrt(fanIn) <= 1 + 1e-6).ShouldBe(uniform, key);
        }
    }

    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void The_same_seed_gives_the_same_weights_with_and_without_noise_and_another_seed_others(string name)
    {
        using var plain = Make(Backbones.All[name], seed: 5);
        using var noisy = Make(Backbones.All[name], Colored with { Rank = 1 }, seed: 5);
        using var other = Make(Backbones.All[name], seed: 6);
        plain.WeightParameters.Select(p => p.Name).ShouldBe(noisy.WeightParameters.Select(p => p.Name));
        foreach (var (key, parameter) in plain.WeightParameters)
        {
            Same(parameter, noisy.Module.get_parameter(key)!).ShouldBeTrue(key);
            if (parameter.dim() > 1) Same(parameter, other.Module.get_parameter(key)!).ShouldBeFalse(key);
        }
    }

    [DeviceTheory]
    [InlineData(21)]
    [InlineData(2)]
    [InlineData(-4)]
    public void A_depth_that_is_not_6n_plus_2_is_refused_and_leaves_nothing(int depth)
    {
        var before = LiveTensors.Count();
        var refusal = Should.Throw<ArgumentException>(() => Make(Cifar(depth, ResNetShortcut.Pad)));
        refusal.Message.ShouldContain($"architecture.depth is {depth}");
        refusal.Message.ShouldContain("expected 6n+2");
        TensorStatistics.Live.ShouldBe(before);
    }

    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void Images_of_another_shape_are_refused_with_both_shapes(string name)
    {
        using var network = Make(Backbones.All[name]);
        foreach (var shape in new long[][] { [2, 3, 28, 28], [2, 1, 32, 32], [3, 32, 32] })
        {
            using var wrong = zeros(shape);
            Should.Throw<ArgumentException>(() => network.Module.call(wrong)).Message
                .ShouldContain($"expected images [N, 3, 32, 32], got [{string.Join(", ", shape)}]");
        }
    }

    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void Normalisation_is_inside_and_not_in_the_state_dict(string name)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var inside = Make(Backbones.All[name] with { Normalize = Networks.Normalization });
        using var none = Make(Backbones.All[name] with { Normalize = null });
        inside.Module.state_dict().Keys.ShouldBe(none.Module.state_dict().Keys);
        using var inEvaluation = inside.Freeze();
        using var alsoInEvaluation = none.Freeze();
        var images = Images(2);
        var before = images.clone();
        var normalised = (images - tensor(new[] { 0.491f, 0.482f, 0.447f }, [1, 3, 1, 1])) / tensor(new[] { 0.247f, 0.243f, 0.262f }, [1, 3, 1, 1]);
        var expected = none.Module.call(normalised);
        LargestDifference(inside.Module.call(images), expected).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * Math.Max(1, expected.abs().max().item<float>()));
        Same(inside.Module.call(images), none.Module.call(images)).ShouldBeFalse();
        Same(images, before).ShouldBeTrue("the caller's images were overwritten");
    }

    static long Passes(BatchNorm2d norm) => norm.get_buffer("num_batches_tracked")!.item<long>();

    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void Every_batch_norm_learns_in_training_and_rests_in_evaluation(string name)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var network = Make(Backbones.All[name]);
        network.Module.training.ShouldBeTrue();
        var norms = network.Module.modules().OfType<BatchNorm2d>().ToList();
        norms.Count.ShouldBeGreaterThan(10);
        network.Module.call(Images(4));
        norms.ShouldAllBe(norm => Passes(norm) == 1);
        norms[^1].eval();

        using (network.Freeze())
        {
            var together = network.Module.call(Images(4));
            LargestDifference(network.Module.call(Images(1)), together.narrow(0, 0, 1))
                .ShouldBeLessThan(TestDevice.Tolerance(1e-5) * Math.Max(1, together.abs().max().item<float>()), "an answer in evaluation depends on the batch");
            norms.ShouldAllBe(norm => Passes(norm) == 1);
        }
        norms[^1].training.ShouldBeFalse();
        norms.SkipLast(1).ShouldAllBe(norm => norm.training);
    }

    [DeviceTheory]
    [MemberData(nameof(Names))]
    public void No_tensor_stays_behind(string name)
    {
        using var images = Images(2);
        void Use()
        {
            var seeds = new SeedTree(1);
            using var network = Make(Backbones.All[name], Colored with { Rank = 1 });
            using var view = new NetworkView(network, null, seeds);
            using (var step = NewDisposeScope())
                view.Logits(images, Indices(2), new Draw(RandomStream.Training, 0, 0)).sum().backward();
            var built = TensorStatistics.Live;
            using (view.Freeze())
            {
                using var scope = NewDisposeScope();
                view.InputGradient(images, Indices(2), new Draw(RandomStream.Report, 0, 0), logits => logits.sum(1));
                view.Logits(images, Indices(2), new Draw(RandomStream.Report, 0, 1));
            }
            TensorStatistics.Live.ShouldBe(built, "after a freeze");
            using (no_grad()) network.Module.call(images).Dispose();
            TensorStatistics.Live.ShouldBe(built, "after a pass");
        }
        var before = LiveTensors.Count();
        Use();
        TensorStatistics.Live.ShouldBe(before);
    }
}
