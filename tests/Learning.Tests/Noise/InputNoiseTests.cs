using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Learning.Smoothing;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class InputNoiseTests
{
    static readonly Draw Some = new(RandomStream.Report, 0, 2);

    static Tensor Channels(IReadOnlyList<double> values) => tensor(values.Select(v => (float)v).ToArray(), [1, 3, 1, 1]);

    [DeviceTheory]
    [InlineData(InputNoiseUnit.Pixel)]
    [InlineData(InputNoiseUnit.Normalized)]
    public void Noise_is_added_in_pixels_before_or_in_normalised_units_after_the_normalisation(InputNoiseUnit unit)
    {
        const double sigma = 0.2;
        using var scope = NewDisposeScope();
        using var network = Build();
        using var bare = Build(architecture: Wide(normalize: false)); // the same weights, without N
        using var view = new NetworkView(network, new() { Sigma = sigma, Unit = unit }, new SeedTree(1));
        using var plain = new NetworkView(bare, null, new SeedTree(1));
        using var images = Images(3);
        using var noise = new ImageNoise(new SeedTree(1), ImageNoiseLayout.Blocks);
        var n = noise.Normal(images, Indices(3), Some);
        view.Deterministic.ShouldBeFalse();
        var (mean, std) = (Channels(Networks.Normalization.Mean), Channels(Networks.Normalization.Std));
        // N(x + s n) = (x + s n - mean) / std in pixels, N(x) + s n in normalised units; neither is clamped to [0,1].
        var input = unit == InputNoiseUnit.Pixel ? (images + n * sigma - mean) / std : (images - mean) / std + n * sigma;
        using var frozen = view.Freeze();
        using var frozenBare = plain.Freeze();
        var logits = view.Logits(images, Indices(3), Some);
        LargestDifference(logits, plain.Logits(input, Indices(3), Some)).ShouldBeLessThan(TestDevice.Tolerance(1e-5) * logits.abs().max().item<float>());
        for (var again = 0; again < 2; again++)
            Same(view.Logits(images, Indices(3), Some), logits).ShouldBeTrue();
    }

    [DeviceFact]
    public void Noise_in_normalised_units_needs_a_network_that_normalises()
    {
        using var scope = NewDisposeScope();
        using var bare = Build(architecture: Wide(normalize: false));
        using var view = new NetworkView(bare, new() { Sigma = 0.2, Unit = InputNoiseUnit.Normalized }, new SeedTree(1));
        Should.Throw<InvalidOperationException>(() => view.Logits(Images(2), Indices(2), Some)).Message.ShouldContain("normalises");
    }
}
