using KdRobust.Domain.Experiments;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Noise;

/// <summary>
/// Initial values of noise parameters that are random: with a normal start the entries of every V, those of activations too,
/// are normal with deviation |factor|. Seeds go by parameter name, so that neither the seeds of initial weights nor another
/// layer's V depend on which layers are noisy.
/// </summary>
internal static class NoiseInitialization
{
    /// <summary>Overwrites V where the spec says normal; all else keeps its constant initial value.</summary>
    /// <param name="noise">Noise of the network.</param>
    /// <param name="network">A network built with it.</param>
    /// <param name="seeds">Root of the initial values.</param>
    /// <param name="device">Where the network lives.</param>
    public static void Apply(NoiseSpec noise, nn.Module network, SeedTree seeds, Device device)
    {
        if (noise is not ColoredNoiseSpec { FactorStart: FactorStart.Normal } colored) return;
        using var withoutGraph = no_grad();
        using var generator = new Generator(0, device);
        foreach (var (name, parameter) in network.named_parameters())
        {
            if (!name.EndsWith("_noise_f", StringComparison.Ordinal)) continue;
            generator.manual_seed(seeds.Seed(name, RandomStream.NoiseInitialization));
            parameter.normal_(0, Math.Abs(colored.Factor), generator);
        }
    }
}
