using KdRobust.Domain.Experiments;
using KdRobust.Learning.Attacks;
using KdRobust.Learning.Models;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests;

public sealed class CompositionTests
{
    static readonly ArchitectureSpec[] Architectures =
    [
        Wide(10, 1), Wide(16, 1, 0.3), Wide(10, 2, normalize: false),
        Cifar(8, ResNetShortcut.Pad), Cifar(8, ResNetShortcut.Projection, normalize: false),
    ];

    static readonly NoiseSpec[] Noises =
    [
        new NoNoiseSpec(), Colored, Colored with { Rank = 0 }, Colored with { Scale = NoiseScale.Std, Factor = 0.01 },
    ];

    public static TheoryData<int, int, double> Combinations()
    {
        var combinations = new TheoryData<int, int, double>();
        for (var architecture = 0; architecture < Architectures.Length; architecture++)
            for (var noise = 0; noise < Noises.Length; noise++)
                foreach (var sigma in new[] { 0, 0.25 })
                    combinations.Add(architecture, noise, sigma);
        return combinations;
    }

    [DeviceTheory]
    [MemberData(nameof(Combinations))]
    public void Every_architecture_runs_with_every_noise_under_every_view(int architecture, int noise, double sigma)
    {
        using var scope = NewDisposeScope();
        var seeds = new SeedTree(1);
        using var network = ModelCatalog.Build(Shape(Noises[noise], Architectures[architecture]), seeds, DefaultDevice.OfProcess);
        using var view = new NetworkView(network, Networks.Pixels(sigma), seeds);
        var (images, labels) = (Images(2), Labels(2));
        view.Deterministic.ShouldBe(noise == 0 && sigma == 0);

        // Training: a gradient reaches every parameter, those of the noise too.
        nn.functional.cross_entropy(view.Logits(images, Indices(2), new Draw(RandomStream.Training, 0, 0)), labels).backward();
        foreach (var (name, parameter) in network.Module.named_parameters())
        {
            (parameter.grad is { } gradient && gradient.isfinite().all().item<bool>()).ShouldBeTrue(name);
            parameter.grad!.abs().max().item<float>().ShouldBeGreaterThan(0, name);
        }

        using var attack = new Pgd(Attack(1), seeds);
        using var outcome = attack.Run(view, images, labels, Indices(2), new AttackMoment(0, 0));
        using var counts = SmoothedCounts.Of(view, outcome.Images, Indices(2), RandomStream.Report, 2, 2);
        counts.Draws.ShouldBe(view.Deterministic ? 1 : 2);
        Integers(counts.Votes().sum(1)).ShouldAllBe(votes => votes == counts.Draws);
    }

    [DeviceFact]
    public void Mean_weights_are_a_deterministic_view_of_a_noisy_network()
    {
        using var scope = NewDisposeScope();
        using var network = Build(Colored);
        using var plain = Build();
        using var noisy = new NetworkView(network, null, new SeedTree(1));
        using var mean = new NetworkView(network, null, new SeedTree(1)) { WeightNoise = false };
        mean.Deterministic.ShouldBeTrue();
        noisy.Deterministic.ShouldBeFalse();
        using var frozen = mean.Freeze();
        var images = Images(2);
        var draw = new Draw(RandomStream.Report, 0, 0);
        var first = mean.Logits(images, Indices(2), draw);
        Same(first, noisy.Logits(images, Indices(2), draw)).ShouldBeFalse();
        Same(first, mean.Logits(images, Indices(2), draw with { Index = 1 })).ShouldBeTrue();
        using var other = new NetworkView(plain, null, new SeedTree(1));
        using var frozenPlain = other.Freeze();
        Same(first, other.Logits(images, Indices(2), draw)).ShouldBeTrue("same seed, same mean weights");
    }
}
