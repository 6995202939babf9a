using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Distillation;
using KdRobust.Learning.Tests.Runs;
using KdRobust.Learning.Training;
using KdRobust.Support;
using KdRobust.Torch;
using static KdRobust.Learning.Tests.Networks;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Training;

public sealed class TrainingSessionTests
{
    // Steps of length 1 along the gradient: differences of weights are gradients.
    static readonly SgdSpec Steepest = new() { LearningRate = 1, WeightDecay = 0, Momentum = 0, Nesterov = false };

    static readonly TrainingSpec Clean = TinyExperiment.Clean(1) with { Optimizer = Steepest, Schedule = new ConstantScheduleSpec() };

    static readonly ColoredNoiseSpec Noise = Colored with { Factor = 0.01, LearningRateFactor = 1 };

    static readonly NetworkShape Noisy = new(TinyExperiment.Backbone with { Dropout = 0.3 }, Noise);

    static TrainingSession Open(NetworkShape network, TrainingSpec training)
    {
        var images = SyntheticImages.Make(DataSplit.Train, TinyExperiment.TrainImages);
        using var scope = NewDisposeScope();
        using var generator = new Generator(9);
        var teacher = training.Distillation is { } spec ? new CachedTeacher(rand([images.Count, 10], generator: generator).softmax(1), spec) : null;
        return new TrainingSession(TinyExperiment.Train(network, training), images, teacher, DefaultDevice.OfProcess);
    }

    static Dictionary<string, Tensor> Copy(IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var noGrad = no_grad();
        return tensors.ToDictionary(t => t.Key, t => t.Value.detach().clone());
    }

    static Dictionary<string, Tensor> State(TrainingSession session) => Copy(session.Network.Module.state_dict());

    // What one step took off every parameter.
    static Dictionary<string, Tensor> Moved(NetworkShape network, TrainingSpec training)
    {
        using var session = Open(network, training);
        session.BeginEpoch(0);
        var before = State(session);
        session.Step(0, 0);
        var after = State(session);
        return session.Network.Module.named_parameters().ToDictionary(p => p.name, p => before[p.name] - after[p.name]);
    }

    static double Norm(IEnumerable<Tensor> tensors) => Math.Sqrt(tensors.Sum(t => t.to(ScalarType.Float64).pow(2).sum().item<double>()));

    /// <summary>With noise, dropout and distillation on: all of them are the step's, however it is split.</summary>
    [DeviceTheory]
    [InlineData(6)]
    [InlineData(1)]
    public void Micro_batches_add_up_to_the_gradient_of_one_pass(int microBatch)
    {
        using var scope = NewDisposeScope();
        var whole = Clean with { BatchNorm = BatchNormMode.Evaluation, Distillation = TinyExperiment.Distillation, InputNoise = Pixels(0.1) };

        var (one, many) = (Moved(Noisy, whole), Moved(Noisy, whole with { MicroBatch = microBatch }));

        var scale = Norm(one.Values);
        scale.ShouldBeGreaterThan(0.1);
        Norm(one.Select(p => p.Value - many[p.Key])).ShouldBeLessThan(TestDevice.Tolerance(1e-6) * scale);
    }

    [DeviceFact]
    public void Sums_of_micro_batches_are_those_of_the_step()
    {
        using var scope = NewDisposeScope();
        var spec = Clean with { BatchNorm = BatchNormMode.Evaluation, Distillation = TinyExperiment.Distillation };
        double[] Sums(int microBatch)
        {
            using var session = Open(TinyExperiment.Plain, spec with { MicroBatch = microBatch });
            session.BeginEpoch(0);
            session.Step(0, 0).ShouldBe(16);
            session.Sums.Images.ShouldBe(16);
            return session.Sums.Read();
        }

        var (one, many) = (Sums(16), Sums(5));
        for (var i = 0; i < one.Length; i++) many[i].ShouldBe(one[i], 1e-5 * Math.Max(1, Math.Abs(one[i])));
    }

    [DeviceFact]
    public void The_whole_gradient_is_clipped()
    {
        using var scope = NewDisposeScope();

        Norm(Moved(Noisy, Clean).Values).ShouldBeGreaterThan(0.1);
        Norm(Moved(Noisy, Clean with { ClipNorm = 0.1 }).Values).ShouldBe(0.1, 1e-4);
    }

    [DeviceFact]
    public void The_off_diagonal_penalty_pulls_V_after_clipping_and_nothing_else()
    {
        using var scope = NewDisposeScope();
        // Clipped to nothing: what is left is the penalty.
        var clipped = Clean with { ClipNorm = 1e-12 };
        var penalized = Noisy with { Noise = Noise with { OffDiagonalPenalty = 0.25 } };

        var moved = Moved(penalized, clipped);

        foreach (var (name, difference) in moved)
        {
            var expected = name.EndsWith("weight_noise_f", StringComparison.Ordinal) ? 2 * 0.25 * 0.01 : 0;
            LargestDifference(difference, full_like(difference, expected)).ShouldBeLessThan(TestDevice.Tolerance(1e-8), name);
        }
        using var session = Open(penalized, clipped);
        var factors = session.Network.NoiseParameters.Where(p => p.Name.EndsWith("weight_noise_f", StringComparison.Ordinal)).Sum(p => p.Parameter.numel());
        session.Penalty!.Value().ShouldBe(0.25 * factors * 1e-4, 1e-6 * factors * 1e-4);
        using var plain = Open(Noisy, Clean);
        plain.Penalty.ShouldBeNull();
    }

    [DeviceFact]
    public void The_average_follows_every_step_and_copies_statistics()
    {
        using var scope = NewDisposeScope();
        using var session = Open(TinyExperiment.Plain, Clean with { Optimizer = TinyExperiment.Adam, Average = new AverageSpec { Decay = 0.75 } });
        const string weight = "conv1.weight", statistic = "bn1.running_mean";
        session.BeginEpoch(0);
        var expected = State(session)[weight].to(ScalarType.Float64);
        for (var step = 0; step < 3; step++)
        {
            session.Step(0, step);
            expected = (expected * 0.75) + (State(session)[weight].to(ScalarType.Float64) * 0.25);
        }

        var average = session.Average!.Network.Module.state_dict();
        LargestDifference(average[weight], expected).ShouldBeLessThan(TestDevice.Tolerance(1e-7));
        Same(average[weight], State(session)[weight]).ShouldBeFalse();
        Same(average[statistic], State(session)[statistic]).ShouldBeTrue();
        average[statistic].abs().sum().item<float>().ShouldBeGreaterThan(0);
    }

    [DeviceFact]
    public void An_attack_on_a_training_network_gives_back_its_mode_unless_it_is_to_be_left()
    {
        using var scope = NewDisposeScope();
        foreach (var (mode, training) in new[] { (BatchNormMode.Training, true), (BatchNormMode.LeftInEvaluation, false) })
        {
            using var session = Open(TinyExperiment.Plain, Clean with { BatchNorm = mode, Adversarial = TinyExperiment.AdversarialFromTheSecondEpoch with { FromEpoch = 0 } });
            session.BeginEpoch(0);
            session.Network.Module.training.ShouldBeTrue();
            session.Step(0, 0);
            session.Network.Module.modules().ShouldAllBe(module => module.training == training);
        }
    }

    [DeviceFact]
    public void Evaluation_mode_of_batch_norm_leaves_dropout_on()
    {
        using var session = Open(Noisy, Clean with { BatchNorm = BatchNormMode.Evaluation });
        session.BeginEpoch(0);

        session.Network.Module.modules().ShouldAllBe(module => module.training == !(module is TorchSharp.Modules.BatchNorm2d));
    }
}
