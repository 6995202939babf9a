using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Noise;

public sealed class WhiteNoiseTests
{
    static readonly SeedTree Seeds = new(4);

    // Both kinds of layer with n = 8 weights W, asked so that their answer is W': [8].
    static (nn.Module<Tensor, Tensor> Layer, Func<Tensor> Weights) Layer(bool convolution, AlphaPer per, NoiseSource source)
    {
        var unit = eye(8);
        if (convolution)
        {
            var layer = new WhiteNoiseConv2d(new ConvolutionShape(8, 1, 1, 1, 1), NoiseSpecs.White with { Per = per }, source);
            Fill(layer);
            return (layer, () => layer.call(unit.reshape(8, 8, 1, 1)).flatten());
        }
        var linear = new WhiteNoiseLinear(8, 1, per, 0.25, source);
        Fill(linear);
        return (linear, () => linear.call(unit).flatten());
    }

    static void Fill(nn.Module layer)
    {
        using var scope = NewDisposeScope();
        using var withoutGraph = no_grad();
        var (weight, alpha) = (layer.get_parameter("weight")!, layer.get_parameter("weight_noise_alpha")!);
        weight.copy_(NoiseSpecs.EightWeights.reshape(weight.shape));
        if (alpha.numel() == 8) alpha.copy_(tensor(new float[] { 0, 0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f }).reshape(alpha.shape));
    }

    [DeviceTheory]
    [InlineData(true, AlphaPer.Weight)]
    [InlineData(true, AlphaPer.Layer)]
    [InlineData(false, AlphaPer.Weight)]
    [InlineData(false, AlphaPer.Layer)]
    public void Deviation_of_samples_is_alpha_times_that_of_the_weights_and_they_do_not_go_together(bool convolution, AlphaPer per)
    {
        const int draws = 10_000;
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        var (layer, weights) = Layer(convolution, per, source);
        using var withoutGraph = no_grad();
        source.Freeze();
        var samples = zeros([draws, 8]);
        for (var draw = 0; draw < draws; draw++)
        {
            using var step = NewDisposeScope();
            source.Fix(Seeds, new Draw(RandomStream.Report, 0, draw));
            samples.select(0, draw).copy_(weights());
        }
        var w = NoiseSpecs.EightWeights;
        var alpha = layer.get_parameter("weight_noise_alpha")!.flatten().expand(8);
        var expected = alpha * w.sub(w.mean()).pow(2).sum().div(7).sqrt();
        // Five standard errors of a deviation, s / sqrt(2 draws), and of a mean, s / sqrt(draws).
        ((samples.std(0) - expected).abs() - expected * 5 / Math.Sqrt(2.0 * draws)).max().item<float>().ShouldBeLessThanOrEqualTo(1e-6f);
        ((samples.mean([0]) - w).abs() - expected * 5 / Math.Sqrt(draws)).max().item<float>().ShouldBeLessThanOrEqualTo(1e-6f);
        var whitened = (samples - w) / expected.add(1e-30);
        var correlation = whitened.transpose(0, 1).matmul(whitened) / draws * (ones(8, 8) - eye(8));
        correlation.abs().max().item<float>().ShouldBeLessThan(5 / MathF.Sqrt(draws));
        layer.Dispose();
    }

    [DeviceTheory]
    [InlineData(AlphaPer.Weight)]
    [InlineData(AlphaPer.Layer)]
    public void Gradient_reaches_alpha_and_not_the_deviation_of_the_weights(AlphaPer per)
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        foreach (var convolution in new[] { true, false })
        {
            var (layer, weights) = Layer(convolution, per, source);
            source.Fix(Seeds, new Draw(RandomStream.Training, 1, 2));
            var upstream = arange(8, ScalarType.Float32).sin();
            (weights() * upstream).sum().backward();

            // z of the layer's own seed; W' = W + alpha std(W) z with std(W) a constant.
            var z = NoiseSpecs.Normal(Seeds.Seed("weights", RandomStream.Training, 1, convolution ? 0 : 1, 2), 8);
            var slope = upstream * z * NoiseSpecs.EightWeights.std();
            Same(layer.get_parameter("weight")!.grad!.flatten(), upstream).ShouldBeTrue("through std(W) it would differ");
            var gradient = layer.get_parameter("weight_noise_alpha")!.grad!.flatten();
            LargestDifference(gradient, per == AlphaPer.Weight ? slope : slope.sum().reshape(1)).ShouldBeLessThan(TestDevice.Tolerance(1e-6));
            layer.Dispose();
        }
    }

    [DeviceFact]
    public void One_draw_serves_the_whole_batch_in_training_and_in_evaluation_frozen_or_not()
    {
        using var scope = NewDisposeScope();
        using var source = new NoiseSource();
        using var layer = new WhiteNoiseConv2d(new ConvolutionShape(8, 1, 1, 1, 1), NoiseSpecs.White, source);
        Fill(layer);
        using var withoutGraph = no_grad();
        source.Fix(Seeds, new Draw(RandomStream.Report, 0, 0));
        var input = ones(3, 8, 1, 1);
        layer.train();
        var training = layer.call(input).flatten();
        layer.eval();
        var evaluation = layer.call(input).flatten();
        source.Freeze();
        var frozen = layer.call(input).flatten();
        source.Thaw();
        Values(training).ShouldAllBe(value => value == training[0].item<float>());
        Same(training, evaluation).ShouldBeTrue();
        Same(training, frozen).ShouldBeTrue();
        training[0].item<float>().ShouldNotBe(NoiseSpecs.EightWeights.sum().item<float>());
    }

    [DeviceFact]
    public void Alphas_are_as_many_as_the_weights_or_one_and_start_at_alpha()
    {
        using var source = new NoiseSource();
        using var each = new WhiteNoiseConv2d(new ConvolutionShape(3, 4, 3, 1, 8), NoiseSpecs.White with { Alpha = 0.3 }, source);
        using var one = new WhiteNoiseConv2d(new ConvolutionShape(3, 4, 3, 1, 8), NoiseSpecs.White with { Alpha = 0.3, Per = AlphaPer.Layer }, source);
        using var linear = new WhiteNoiseLinear(5, 2, AlphaPer.Layer, 0.3, source);
        each.weight_noise_alpha.shape.ShouldBe([4, 3, 3, 3]);
        one.weight_noise_alpha.shape.ShouldBe([1]);
        linear.weight_noise_alpha.shape.ShouldBe([1]);
        foreach (var alpha in new[] { each.weight_noise_alpha, one.weight_noise_alpha, linear.weight_noise_alpha })
            Values(alpha).ShouldAllBe(value => value == 0.3f);
    }
}
