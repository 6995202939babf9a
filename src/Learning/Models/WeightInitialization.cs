using KdRobust.Learning.Randomness;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// Initial weights of a Wide-ResNet: convolutions normal with deviation sqrt(2 / (k k out)) (fan-out), batch norm 1 and 0,
/// the fully connected weight uniform within 1/sqrt(in), its bias 0. Every tensor has a seed of its own.
/// </summary>
internal static class WeightInitialization
{
    /// <summary>Overwrites weights and biases; noise parameters keep their initial values.</summary>
    public static void Apply(nn.Module network, SeedTree seeds, Device device)
    {
        using var withoutGraph = no_grad();
        using var generator = new Generator(0, device);
        var layer = 0L;
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (!name.EndsWith(".weight", StringComparison.Ordinal) && !name.EndsWith(".bias", StringComparison.Ordinal)) continue;
            generator.manual_seed(seeds.Seed(RandomStream.Initialization, layer++));
            Initialize(name, parameter, generator);
        }
    }

    static void Initialize(string name, Parameter parameter, Generator generator)
    {
        using var scope = NewDisposeScope();
        var shape = parameter.shape;
        switch (shape.Length)
        {
            case 4:
                parameter.normal_(0, Math.Sqrt(2.0 / (shape[0] * shape[2] * shape[3])), generator);
                break;
            case 2:
                var bound = 1 / Math.Sqrt(shape[1]);
                parameter.uniform_(-bound, bound, generator);
                break;
            default:
                parameter.fill_(name.EndsWith(".bias", StringComparison.Ordinal) ? 0.0 : 1.0);
                break;
        }
    }
}
