using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>Where a convolution stands in a backbone.</summary>
internal enum LayerRole { Stem, Block, Shortcut }

/// <summary>What a backbone is built of. The backbone knows where layers are; the factory decides whether they are noisy.</summary>
internal interface ILayerFactory
{
    /// <summary>A convolution without bias, padding k/2: [N, in, side, side] -> [N, out, side/stride, side/stride].</summary>
    nn.Module<Tensor, Tensor> Convolution(LayerRole role, long inChannels, long outChannels, long kernel, long stride, long side);

    /// <summary>A fully connected layer with bias: [N, in] -> [N, out].</summary>
    nn.Module<Tensor, Tensor> Linear(long inFeatures, long outFeatures);
}
