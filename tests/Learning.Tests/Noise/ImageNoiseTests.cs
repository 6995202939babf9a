using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class ImageNoiseTests
{
    static readonly Draw Any = new(RandomStream.Report, 0, 3);

    static Tensor Pixels(int n) => zeros([n, 3, 4, 4]);

    [DeviceTheory]
    [InlineData((int)ImageNoiseLayout.Blocks)]
    [InlineData((int)ImageNoiseLayout.Images)]
    public void Noise_of_an_image_depends_neither_on_its_batch_nor_on_the_order(int layout)
    {
        using var scope = NewDisposeScope();
        using var noise = new ImageNoise(new SeedTree(1), (ImageNoiseLayout)layout);
        var whole = noise.Normal(Pixels(600), Indices(600), Any);
        // Cuts inside blocks, at their edges, and over them.
        foreach (var (first, count) in new[] { (0, 100), (100, 156), (256, 1), (200, 300), (511, 2), (599, 1) })
            Same(noise.Normal(Pixels(count), Indices(count, first), Any), whole.narrow(0, first, count)).ShouldBeTrue($"{count} images from {first}");
        long[] mixed = [513, 2, 300, 301, 255, 256, 2];
        var rows = noise.Normal(Pixels(mixed.Length), mixed, Any);
        for (var row = 0; row < mixed.Length; row++)
            Same(rows.select(0, row), whole.select(0, mixed[row])).ShouldBeTrue($"image {mixed[row]}");
    }

    [DeviceTheory]
    [InlineData((int)ImageNoiseLayout.Blocks)]
    [InlineData((int)ImageNoiseLayout.Images)]
    public void Noise_is_standard_normal_and_differs_between_images_draws_epochs_and_streams(int layout)
    {
        using var scope = NewDisposeScope();
        using var noise = new ImageNoise(new SeedTree(1), (ImageNoiseLayout)layout);
        var values = noise.Normal(Pixels(512), Indices(512), Any); // 24,576 values: a standard error is 0.0064
        values.mean().item<float>().ShouldBe(0, 0.03);
        values.std().item<float>().ShouldBe(1, 0.025);
        Same(values.select(0, 0), values.select(0, 256)).ShouldBeFalse();
        foreach (var other in new[] { Any with { Index = 4 }, Any with { Epoch = 1 }, Any with { Stream = RandomStream.Craft } })
            Same(values, noise.Normal(Pixels(512), Indices(512), other)).ShouldBeFalse(other.ToString());
    }

    [DeviceFact]
    public void Uniform_noise_fills_minus_one_to_one()
    {
        using var scope = NewDisposeScope();
        using var noise = new ImageNoise(new SeedTree(1), ImageNoiseLayout.Blocks);
        var values = noise.Uniform(Pixels(256), Indices(256), Any);
        values.min().item<float>().ShouldBeInRange(-1, -0.99f);
        values.max().item<float>().ShouldBeInRange(0.99f, 1);
        values.mean().item<float>().ShouldBe(0, 0.03);
    }

    [DeviceFact]
    public void Images_without_an_index_each_are_refused()
    {
        using var noise = new ImageNoise(new SeedTree(1), ImageNoiseLayout.Blocks);
        using var images = Pixels(3);
        Should.Throw<ArgumentException>(() => noise.Normal(images, Indices(2), Any)).Message.ShouldContain("3 images");
    }
}
