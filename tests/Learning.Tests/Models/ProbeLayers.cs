using KdRobust.Learning.Models;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Models;

/// <summary>
/// Layers that compute nothing: they count what they would cost, check that what reaches them has the shape they were
/// made for, and answer zeros.
/// </summary>
sealed class ProbeLayers : ILayerFactory
{
    readonly List<(LayerRole Role, long Kernel)> _convolutions = [];

    /// <summary>Convolutions of a role.</summary>
    internal int Count(LayerRole role) => _convolutions.Count(layer => layer.Role == role);

    /// <summary>Fully connected layers.</summary>
    internal int Linears { get; private set; }

    /// <summary>Layers that an image has passed.</summary>
    internal int Passed { get; private set; }

    /// <summary>Convolutions whose kernel is not that of their role: 1x1 in shortcuts, 3x3 elsewhere.</summary>
    internal int OddKernels => _convolutions.Count(layer => layer.Kernel != (layer.Role == LayerRole.Shortcut ? 1 : 3));

    /// <summary>Numbers in the weights of convolutions.</summary>
    internal long ConvolutionWeights { get; private set; }

    /// <summary>Multiplications of a forward pass of one image.</summary>
    internal long Multiplications { get; private set; }

    public nn.Module<Tensor, Tensor> Convolution(LayerRole role, long inChannels, long outChannels, long kernel, long stride, long side)
    {
        _convolutions.Add((role, kernel));
        var weights = inChannels * outChannels * kernel * kernel;
        ConvolutionWeights += weights;
        Multiplications += weights * (side / stride) * (side / stride);
        return new Probe(this, [1, inChannels, side, side], [1, outChannels, side / stride, side / stride]);
    }

    public nn.Module<Tensor, Tensor> Linear(long inFeatures, long outFeatures)
    {
        Linears++;
        Multiplications += inFeatures * outFeatures;
        return new Probe(this, [1, inFeatures], [1, outFeatures]);
    }

    sealed class Probe(ProbeLayers owner, long[] input, long[] output) : nn.Module<Tensor, Tensor>(nameof(Probe))
    {
        public override Tensor forward(Tensor images)
        {
            images.shape.ShouldBe(input);
            owner.Passed++;
            return zeros(output);
        }
    }
}
