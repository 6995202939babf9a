using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// Layers of a noisy network: convolutions with white or colored noise, a fully connected layer with white noise, and plain
/// layers wherever the spec switches the noise off. A plain layer keeps its number in seeds, so that switching one layer
/// off leaves the noise of all others as it is.
/// </summary>
internal sealed class NoisyLayers(LayerNoiseSpec noise, NoiseSource source) : ILayerFactory
{
    readonly PlainLayers _plain = new();

    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> Convolution(LayerRole role, long inChannels, long outChannels, long kernel, long stride, long side)
    {
        var noisy = role switch
        {
            LayerRole.Stem => noise.Layers.Stem,
            LayerRole.Block => noise.Layers.Blocks,
            LayerRole.Shortcut => noise.Layers.Shortcuts,
            _ => throw new ArgumentOutOfRangeException(nameof(role), role, "expected stem, block or shortcut"),
        };
        if (!noisy)
        {
            source.NextLayer();
            return _plain.Convolution(role, inChannels, outChannels, kernel, stride, side);
        }
        var shape = new ConvolutionShape(inChannels, outChannels, kernel, stride, side);
        return noise switch
        {
            WhiteNoiseSpec white => new WhiteNoiseConv2d(shape, white, source),
            ColoredNoiseSpec colored => new ColoredNoiseConv2d(shape, colored, source),
            _ => throw UnknownNoise(),
        };
    }

    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> Linear(long inFeatures, long outFeatures)
    {
        if (!noise.Layers.Linear)
        {
            source.NextLayer();
            return _plain.Linear(inFeatures, outFeatures);
        }
        return noise switch
        {
            WhiteNoiseSpec white => new WhiteNoiseLinear(inFeatures, outFeatures, white.Per, white.Alpha, source),
            ColoredNoiseSpec colored => new WhiteNoiseLinear(inFeatures, outFeatures, AlphaPer.Weight, colored.LinearAlpha, source),
            _ => throw UnknownNoise(),
        };
    }

    NotSupportedException UnknownNoise() => new($"no layers for noise of kind {noise.GetType().Name}, expected white or colored");
}
