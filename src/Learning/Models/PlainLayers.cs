using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>Layers of a deterministic network.</summary>
internal sealed class PlainLayers : ILayerFactory
{
    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> Convolution(LayerRole role, long inChannels, long outChannels, long kernel, long stride, long side) =>
        nn.Conv2d(inChannels, outChannels, kernel, stride, kernel / 2, bias: false);

    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> Linear(long inFeatures, long outFeatures) => nn.Linear(inFeatures, outFeatures);
}
