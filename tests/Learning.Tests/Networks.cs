using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Models;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests;

/// <summary>Small networks and images that the tests share.</summary>
static class Networks
{
    internal static NoisyLayersSpec Everywhere => new() { Stem = true, Blocks = true, Shortcuts = true, Linear = true };

    /// <summary>The normalisation of the paper's teacher.</summary>
    internal static NormalizationSpec Normalization => new() { Mean = [0.491, 0.482, 0.447], Std = [0.247, 0.243, 0.262] };

    internal static readonly ColoredNoiseSpec Colored = new()
    {
        Layers = Everywhere, Activations = ActivationNoise.None,
        Scale = NoiseScale.Variance, Form = DiagonalForm.Absolute, Rank = 5, Diagonal = 0.0625, Factor = 0.001, FactorStart = FactorStart.Constant,
        Epsilon = 1e-8, LinearAlpha = 0.25, OffDiagonalPenalty = 0, LearningRateFactor = 0.01, WeightDecay = 0,
    };

    /// <summary>Input noise of this deviation in pixel units; none for 0.</summary>
    internal static InputNoiseSpec? Pixels(double sigma) => sigma == 0 ? null : new() { Sigma = sigma, Unit = InputNoiseUnit.Pixel };

    internal static WideResNetSpec Wide(int depth = 10, int width = 1, double dropout = 0, bool normalize = true) =>
        new() { Depth = depth, Width = width, Dropout = dropout, Normalize = normalize ? Normalization : null };

    internal static NetworkShape Shape(NoiseSpec? noise = null, ArchitectureSpec? architecture = null) =>
        new(architecture ?? Wide(), noise ?? new NoNoiseSpec());

    internal static CifarResNetSpec Cifar(int depth, ResNetShortcut shortcut, bool normalize = true) =>
        new() { Depth = depth, Shortcut = shortcut, Normalize = normalize ? Normalization : null };

    /// <summary>A WRN-10-1 unless another backbone is named, with initial weights, and logits that are not all alike.</summary>
    internal static Network Build(NoiseSpec? noise = null, long seed = 3, ArchitectureSpec? architecture = null)
    {
        var network = ModelCatalog.Build(Shape(noise, architecture), new SeedTree(seed), DefaultDevice.OfProcess);
        using (no_grad()) (network.Module.get_parameter("fc.weight") ?? network.Module.get_parameter("linear.weight"))!.mul_(10);
        return network;
    }

    /// <summary>n images [n, 3, 32, 32] uniform in [0,1], the i-th the same for every n.</summary>
    internal static Tensor Images(int n, long seed = 11)
    {
        using var generator = new Generator((ulong)seed);
        using var scope = NewDisposeScope();
        return stack(Enumerable.Range(0, n).Select(_ => rand([3, 32, 32], generator: generator))).MoveToOuterDisposeScope();
    }

    internal static Tensor Labels(int n) => arange(n, ScalarType.Int64).remainder(10);

    internal static long[] Indices(int n, int first = 0) => [.. Enumerable.Range(first, n).Select(i => (long)i)];

    internal static PgdSpec Attack(
        int steps = 5, double epsilon = 8 / 255.0, double step = 2 / 255.0, int restarts = 1, bool randomStart = false,
        AttackLoss loss = AttackLoss.CrossEntropy, KeepIterate keep = KeepIterate.Last) => new()
        {
            Norm = AttackNorm.Linf, Epsilon = Fraction.Of(epsilon), Loss = loss, Target = AttackTarget.None, Expectation = null,
            StepSize = Fraction.Of(step), Steps = steps, Restarts = restarts, RandomStart = randomStart, Gradient = StepGradient.Fresh, Keep = keep, SelectingDraws = 8,
        };

    /// <summary>The golden WRN-10-1 with its weights.</summary>
    internal static Network FromGolden(Golden golden)
    {
        var network = ModelCatalog.Build(Shape(), new SeedTree(0), DefaultDevice.OfProcess);
        using var scope = NewDisposeScope();
        var state = network.Module.state_dict();
        var weights = golden.Tensors("wrn10_1_weights").ToDictionary(part => part.Name, part => tensor(part.Floats, part.Shape));
        state.Keys.Where(name => !name.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ShouldBe(weights.Keys, ignoreOrder: true);
        using (no_grad())
            foreach (var (name, values) in weights)
                state[name].copy_(values);
        return network;
    }

    internal static Tensor GoldenTensor(Golden golden, string name) => tensor(golden[name].Floats, golden[name].Shape);

    internal static Tensor GoldenImages(Golden golden) =>
        tensor(golden["images"].Bytes, golden["images"].Shape).to(ScalarType.Float32).div_(255);

    internal static Tensor GoldenLabels(Golden golden) =>
        tensor(golden["labels"].Bytes, golden["labels"].Shape).to(ScalarType.Int64);

    internal static float[] Values(Tensor values) => [.. values.detach().to(ScalarType.Float32).contiguous().cpu().data<float>()];

    internal static long[] Integers(Tensor values) => [.. values.to(ScalarType.Int64).contiguous().cpu().data<long>()];

    internal static double LargestDifference(Tensor a, Tensor b)
    {
        using var scope = NewDisposeScope();
        a.shape.ShouldBe(b.shape);
        return (a.to(ScalarType.Float64) - b.to(ScalarType.Float64)).abs().max().item<double>();
    }

    /// <summary>Equal to the bit; on a GPU, where another batch is another order of additions, as near as that goes.</summary>
    internal static bool Same(Tensor a, Tensor b) =>
        a.shape.SequenceEqual(b.shape) && LargestDifference(a, b) <= TestDevice.Tolerance(0) * Math.Max(1, a.numel() == 0 ? 1 : a.abs().max().to(ScalarType.Float64).item<double>());
}
