using KdRobust.Domain.Experiments;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Learning.Training;
using KdRobust.Support;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Training;

public sealed class WeightOptimizerTests
{
    static (Parameter Weight, Parameter Noise) Step(OptimizerSpec spec, ColoredNoiseSpec noiseSpec, double factor)
    {
        var weight = nn.Parameter(full([2], 1.0));
        var noise = nn.Parameter(full([2], 1.0));
        using var optimizer = new WeightOptimizer(spec, [("w", weight)], [("d", noise)], noiseSpec);
        (weight.sum() + noise.sum()).backward();
        optimizer.Step(factor);
        return (weight, noise);
    }

    [DeviceFact]
    public void The_noise_has_a_rate_and_a_decay_of_its_own()
    {
        using var scope = NewDisposeScope();
        var sgd = new SgdSpec { LearningRate = 0.1, WeightDecay = 0.5, Momentum = 0, Nesterov = false };

        var (weight, noise) = Step(sgd, TinyExperiment.Noise with { LearningRateFactor = 0.01, WeightDecay = 2 }, factor: 0.5);

        // Gradient 1 and the decay of a parameter that is 1.
        weight.cpu().data<float>().ToArray().ShouldAllBe(w => Math.Abs(w - (1 - (0.05 * 1.5))) < 1e-6);
        noise.cpu().data<float>().ToArray().ShouldAllBe(d => Math.Abs(d - (1 - (0.0005 * 3))) < 1e-6);
    }

    [DeviceFact]
    public void State_is_known_by_parameter_name()
    {
        using var scope = NewDisposeScope();
        var weight = nn.Parameter(ones([2]));
        using var adam = new WeightOptimizer(TinyExperiment.Adam, [("conv1.weight", weight)], [], null);
        using var sgd = new WeightOptimizer(TinyExperiment.Sgd, [("conv1.weight", nn.Parameter(ones([2])))], [], null);

        adam.Tensors().Keys.ShouldBe(["conv1.weight/exp_avg", "conv1.weight/exp_avg_sq"], ignoreOrder: true);
        sgd.Tensors().Keys.ShouldBe(["conv1.weight/momentum_buffer"]);
        weight.sum().backward();
        adam.Step(1);
        adam.Steps["conv1.weight"].ShouldBe(1);
    }

    /// <summary>Buffers that exist from the start must not change the first steps.</summary>
    [DeviceFact]
    public void Momentum_is_that_of_a_plain_SGD()
    {
        using var scope = NewDisposeScope();
        Parameter ours = nn.Parameter(ones([2])), theirs = nn.Parameter(ones([2]));
        using var optimizer = new WeightOptimizer(TinyExperiment.Sgd, [("w", ours)], [], null);
        using var plain = optim.SGD([theirs], 0.05, momentum: 0.9, weight_decay: 1e-4, nesterov: true);
        for (var i = 0; i < 3; i++)
        {
            optimizer.ZeroGrad();
            plain.zero_grad();
            ours.pow(2).sum().backward();
            theirs.pow(2).sum().backward();
            optimizer.Step(1);
            plain.step();
        }

        ours.cpu().data<float>().ToArray().ShouldBe(theirs.cpu().data<float>().ToArray());
    }

    [DeviceFact]
    public void AdamW_takes_decay_off_the_weights_and_Adam_adds_it_to_the_gradient()
    {
        using var scope = NewDisposeScope();
        var (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        var decoupled = new AdamWSpec { LearningRate = 0.1, WeightDecay = 0.5, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };
        var coupled = new AdamSpec { LearningRate = 0.1, WeightDecay = 0.5, Beta1 = beta1, Beta2 = beta2, Epsilon = epsilon };

        // The first step of Adam moves by the rate whatever the gradient's size: decay added to it changes nothing here.
        var (weight, noise) = Step(decoupled, TinyExperiment.Noise with { LearningRateFactor = 0.1, WeightDecay = 1 }, factor: 1);
        Step(coupled, TinyExperiment.Noise, factor: 1).Weight.cpu().data<float>().ToArray().ShouldAllBe(w => Math.Abs(w - 0.9) < 1e-6);

        weight.cpu().data<float>().ToArray().ShouldAllBe(w => Math.Abs(w - (1 - (0.1 * 0.5) - 0.1)) < 1e-6);
        noise.cpu().data<float>().ToArray().ShouldAllBe(d => Math.Abs(d - (1 - (0.01 * 1) - 0.01)) < 1e-6);
    }

    [DeviceFact]
    public void The_state_of_AdamW_is_Adams()
    {
        using var scope = NewDisposeScope();
        using var adam = new WeightOptimizer(
            new AdamWSpec { LearningRate = 0.1, WeightDecay = 0, Beta1 = 0.9, Beta2 = 0.999, Epsilon = 1e-8 }, [("w", nn.Parameter(ones([2])))], [], null);

        adam.Tensors().Keys.ShouldBe(["w/exp_avg", "w/exp_avg_sq"], ignoreOrder: true);
        adam.Steps.Keys.ShouldBe(["w"]);
    }

    [DeviceTheory]
    [InlineData(2.5, 0.5)]
    [InlineData(10, 1)]
    public void Clipping_scales_the_whole_gradient_and_only_a_longer_one(double norm, double scale)
    {
        using var scope = NewDisposeScope();
        var (weight, noise) = (nn.Parameter(zeros([1])), nn.Parameter(zeros([1])));
        using var optimizer = new WeightOptimizer(TinyExperiment.Sgd, [("w", weight)], [("d", noise)], TinyExperiment.Noise);
        ((weight * 3).sum() + (noise * 4).sum()).backward();

        optimizer.Clip(norm);

        weight.grad!.item<float>().ShouldBe((float)(3 * scale), 1e-5);
        noise.grad!.item<float>().ShouldBe((float)(4 * scale), 1e-5);
    }
}
