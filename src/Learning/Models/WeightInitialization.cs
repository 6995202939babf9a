using KdRobust.Learning.Randomness;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>How the weights [out, in, k, k] of convolutions start; a backbone has one of these.</summary>
internal enum ConvolutionStart
{
    /// <summary>Normal with deviation sqrt(2 / (k k out)): Wide-ResNets.</summary>
    FanOutNormal,

    /// <summary>Normal with deviation sqrt(2 / (k k in)): Kaiming's, gain sqrt 2 (He et al. 2015, equation 10).</summary>
    FanInNormal,

    /// <summary>Uniform within 1/sqrt(k k in): what PyTorch does when nothing else is said.</summary>
    FanInUniform,
}

/// <summary>
/// Initial weights: convolutions as the backbone says, batch norm 1 and 0, the fully connected weight uniform within
/// 1/sqrt(in), its bias 0. Every tensor has a seed of its own.
/// </summary>
internal static class WeightInitialization
{
    /// <summary>Overwrites weights and biases; noise parameters keep their initial values.</summary>
    public static void Apply(Backbone network, SeedTree seeds, Device device)
    {
        using var withoutGraph = no_grad();
        using var generator = new Generator(0, device);
        var layer = 0L;
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (!name.EndsWith(".weight", StringComparison.Ordinal) && !name.EndsWith(".bias", StringComparison.Ordinal)) continue;
            generator.manual_seed(seeds.Seed(RandomStream.Initialization, layer++));
            Initialize(name, parameter, network.ConvolutionStart, generator);
        }
    }

    static void Initialize(string name, Parameter parameter, ConvolutionStart start, Generator generator)
    {
        using var scope = NewDisposeScope();
        var shape = parameter.shape;
        switch (shape.Length)
        {
            case 4:
                var area = shape[2] * shape[3];
                if (start == ConvolutionStart.FanInUniform) Uniform(parameter, shape[1] * area, generator);
                else parameter.normal_(0, Math.Sqrt(2.0 / ((start == ConvolutionStart.FanOutNormal ? shape[0] : shape[1]) * area)), generator);
                break;
            case 2:
                Uniform(parameter, shape[1], generator);
                break;
            default:
                parameter.fill_(name.EndsWith(".bias", StringComparison.Ordinal) ? 0.0 : 1.0);
                break;
        }
    }

    static void Uniform(Parameter parameter, long inputs, Generator generator)
    {
        var bound = 1 / Math.Sqrt(inputs);
        parameter.uniform_(-bound, bound, generator);
    }
}
