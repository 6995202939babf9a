using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class FeatureNoiseTests
{
    static readonly SeedTree Seeds = new(4);
    static readonly long[] Size = [2, 2, 2];

    static readonly Draw Some = new(RandomStream.Report, 0, 5);

    // Every image with a deviation of its own.
    static Tensor Features(int n)
    {
        using var generator = new Generator(8);
        return randn([n, 2, 2, 2], generator: generator) * (rand([n, 1, 1, 1], generator: generator) + 0.5) + 0.3;
    }

    static Tensor Alphas => (arange(8, ScalarType.Float32) * 0.1).add(0.05).reshape(2, 2, 2);

    static FeatureNoise White(NoiseSource source, AlphaPer per = AlphaPer.Weight)
    {
        var noise = new WhiteFeatureNoise("input", Size, NoiseSpecs.White with { Per = per }, source, layer: 6);
        using var withoutGraph = no_grad();
        if (per == AlphaPer.Weight) noise.Parameters.Single().Value.copy_(Alphas);
        return noise;
    }

    // Its scale, apart from the code: the unbiased deviation over an image's own values, [N].
    static Tensor Deviations(Tensor features)
    {
        var values = features.flatten(1);
        return (values - values.mean([1], keepdim: true)).pow(2).sum(1).div(7).sqrt();
    }

    [DeviceTheory]
    [InlineData(AlphaPer.Weight)]
    [InlineData(AlphaPer.Layer)]
    public void White_noise_has_deviation_alpha_times_that_of_the_image_and_is_its_own_for_every_value_and_image(AlphaPer per)
    {
        const int images = 6_000;
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var source = new NoiseSource();
        var noise = White(source, per);
        var features = Features(images);
        source.Fix(Seeds, Some, Indices(images));
        var alpha = per == AlphaPer.Weight ? Alphas.flatten() : full([8], 0.25);
        var standard = (noise.Add(features) - features).flatten(1) / Deviations(features).unsqueeze(1) / alpha; // [N, 8]
        standard.mean([0]).abs().max().item<float>().ShouldBeLessThan(5 / MathF.Sqrt(images));
        (standard.std(0) - 1).abs().max().item<float>().ShouldBeLessThan(5 / MathF.Sqrt(2 * images));
        var values = standard.transpose(0, 1).matmul(standard) / images * (ones(8, 8) - eye(8));
        values.abs().max().item<float>().ShouldBeLessThan(5 / MathF.Sqrt(images));
        var neighbours = standard.narrow(0, 0, images - 1) * standard.narrow(0, 1, images - 1);
        neighbours.mean([0]).abs().max().item<float>().ShouldBeLessThan(5 / MathF.Sqrt(images));
    }

    [DeviceFact]
    public void White_noise_comes_from_the_seed_of_layer_draw_and_image_and_from_nothing_else()
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var source = new NoiseSource();
        var noise = White(source);
        var features = Features(5);
        long[] indices = [300, 2, 77, 3, 2];
        source.Fix(Seeds, Some, indices);
        var whole = noise.Add(features);
        for (var row = 0; row < 5; row++)
        {
            var z = NoiseSpecs.Normal(Seeds.Seed("input-activations", Some.Stream, Some.Epoch, 6, Some.Index, indices[row]), 2, 2, 2);
            LargestDifference(whole[row], features[row] + Alphas * Deviations(features)[row] * z).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
            // Alone, an image has the same noise to the bit, scaled by its own deviation.
            source.Fix(Seeds, Some, [indices[row]]);
            Same(noise.Add(features.narrow(0, row, 1))[0], whole[row]).ShouldBeTrue($"image {row}");
        }
    }

    [DeviceFact]
    public void Gradient_of_white_noise_reaches_alpha_and_not_the_deviation_of_the_activations()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var noise = White(source);
        var features = Features(3).requires_grad_();
        var upstream = arange(24, ScalarType.Float32).sin().reshape(3, 2, 2, 2);
        source.Fix(Seeds, Some, Indices(3));
        var noisy = noise.Add(features);
        var gradients = autograd.grad([(noisy * upstream).sum()], [features, noise.Parameters.Single().Value]);
        Same(gradients[0], upstream).ShouldBeTrue();
        var slope = upstream * (noisy.detach() - features.detach()) / Alphas;
        LargestDifference(gradients[1], slope.sum(dim: 0)).ShouldBeLessThan(TestDevice.Tolerance(1e-5));
    }

    [DeviceTheory]
    [InlineData(NoiseScale.Std, DiagonalForm.Absolute, 3, 0.01)]
    [InlineData(NoiseScale.Variance, DiagonalForm.LogVariance, 2, 0)]
    [InlineData(NoiseScale.Std, DiagonalForm.Softplus, 0, 0)]
    public void Colored_noise_has_the_covariance_of_its_formula_and_one_draw_for_the_batch(NoiseScale scale, DiagonalForm form, int rank, double epsilon)
    {
        const int draws = 8_000;
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var source = new NoiseSource();
        var noise = new ColoredFeatureNoise("output", Size, Colored with { Scale = scale, Form = form, Rank = rank, Epsilon = epsilon }, source, layer: 6);
        var d = noise.Parameters[0].Value;
        d.copy_((arange(8, ScalarType.Float32) * 1.1).sin().mul(0.5));
        var factor = rank == 0 ? zeros(8, 1) : noise.Parameters[1].Value.copy_(arange(8 * rank, ScalarType.Float32).mul(0.37).sin().mul(0.3).reshape(8, rank));
        var features = Features(2);
        var samples = zeros([draws, 16]);
        for (var draw = 0; draw < draws; draw++)
        {
            using var step = NewDisposeScope();
            source.Fix(Seeds, Some with { Index = draw });
            samples.select(0, draw).copy_((noise.Add(features) - features).flatten());
        }

        // Both images share z and u: between them stands the product of their deviations.
        var g = form switch
        {
            DiagonalForm.Absolute => d.abs(),
            DiagonalForm.LogVariance => d.exp(),
            _ => (d.exp() + 1).log(),
        };
        var s = Deviations(features).pow(scale == NoiseScale.Std ? 1 : 2);
        var deviation = (s.unsqueeze(1) * g + epsilon).sqrt(); // [2, 8]
        Tensor Block(int a, int b) => eye(8) * (deviation[a] * deviation[b]) + factor.matmul(factor.transpose(0, 1));
        var expected = cat([cat([Block(0, 0), Block(0, 1)], 1), cat([Block(1, 0), Block(1, 1)], 1)], 0);
        var covariance = samples.transpose(0, 1).matmul(samples) / draws;
        var variance = (expected * eye(16)).sum(dim: 0);
        var error = (variance.unsqueeze(0) * variance.unsqueeze(1) + expected * expected).div(draws).sqrt();
        ((covariance - expected).abs() / error).max().item<float>().ShouldBeLessThan(5);
        (samples.mean([0]).abs() / (variance / draws).sqrt()).max().item<float>().ShouldBeLessThan(5);
    }

    [DeviceFact]
    public void Colored_noise_of_an_image_depends_neither_on_its_batch_nor_on_its_place()
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var source = new NoiseSource();
        var noise = new ColoredFeatureNoise("input", Size, Colored with { Factor = 0.1 }, source, layer: 6);
        var features = Features(4);
        source.Fix(Seeds, Some, Indices(4));
        var whole = noise.Add(features);
        for (var row = 0; row < 4; row++)
            LargestDifference(noise.Add(features.narrow(0, row, 1))[0], whole[row]).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
    }

    [DeviceTheory]
    [InlineData(NoiseScale.Std)]
    [InlineData(NoiseScale.Variance)]
    public void An_image_whose_activations_are_all_alike_leaves_finite_gradients_without_an_epsilon(NoiseScale scale)
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var noise = new ColoredFeatureNoise("input", Size, Colored with { Scale = scale, Epsilon = 0 }, source, layer: 6);
        source.Fix(Seeds, Some, Indices(2));
        var features = cat([zeros(1, 2, 2, 2), Features(1)]).requires_grad_();
        var gradients = autograd.grad([noise.Add(features).square().sum()], [features, .. noise.Parameters.Select(p => p.Value)]);
        foreach (var gradient in gradients) gradient.isfinite().all().item<bool>().ShouldBeTrue();
    }

    [DeviceFact]
    public void The_two_sides_of_a_layer_two_layers_and_the_weights_have_noise_of_their_own()
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        using var source = new NoiseSource();
        var features = Features(2);
        source.Fix(Seeds, Some, Indices(2));
        Tensor Noise(string site, int layer) =>
            new WhiteFeatureNoise(site, Size, NoiseSpecs.White, source, layer).Add(features) - features;
        Same(Noise("input", 1), Noise("input", 1)).ShouldBeTrue();
        Same(Noise("input", 1), Noise("output", 1)).ShouldBeFalse();
        Same(Noise("input", 1), Noise("input", 2)).ShouldBeFalse();
    }

    [DeviceFact]
    public void Activations_of_another_shape_and_images_without_an_index_each_are_refused()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var noise = White(source);
        source.Fix(Seeds, Some, Indices(3));
        Should.Throw<ArgumentException>(() => noise.Add(zeros(3, 2, 2, 1))).Message.ShouldContain("[3, 2, 2, 1]");
        Should.Throw<InvalidOperationException>(() => noise.Add(Features(2))).Message.ShouldContain("2 images was asked with 3 image indices");
        source.Fix(Seeds, Some);
        Should.Throw<InvalidOperationException>(() => noise.Add(Features(2))).Message.ShouldContain("NetworkView");
    }
}
