using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Noise;
using KdRobust.Learning.Randomness;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>From a network's shape to the network: backbone, then noise in its layers, then nothing else.</summary>
internal static class ModelCatalog
{
    /// <summary>Builds a network with initial weights, in training mode.</summary>
    /// <param name="shape">Backbone and noise.</param>
    /// <param name="seeds">Root of the initial weights.</param>
    /// <param name="device">Where it lives.</param>
    public static Network Build(NetworkShape shape, SeedTree seeds, Device device)
    {
        using var home = DefaultDevice.Use(device);
        var source = new NoiseSource();
        ILayerFactory layers = shape.Noise switch
        {
            NoNoiseSpec => new PlainLayers(),
            LayerNoiseSpec noise => new NoisyLayers(noise, source),
            _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.Noise.GetType().Name, "no layers for this noise"),
        };
        Backbone module = shape.Architecture switch
        {
            WideResNetSpec wide => new WideResNet(wide, layers, source),
            CifarResNetSpec cifar => new CifarResNet(cifar, layers),
            ResNet18Spec resNet => new ResNet18(resNet, layers),
            PreActResNet18Spec preAct => new PreActResNet18(preAct, layers),
            _ => throw new ArgumentOutOfRangeException(nameof(shape), shape.Architecture.GetType().Name, "no backbone for this architecture"),
        };
        WeightInitialization.Apply(module, seeds, device);
        NoiseInitialization.Apply(shape.Noise, module, seeds, device);
        return new Network(shape, module, source);
    }
}
