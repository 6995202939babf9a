using KdRobust.Learning.Noise;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>Blocks of one width, <c>layer.0</c>, <c>layer.1</c>, ...; the first one changes width and stride.</summary>
internal sealed class WideResNetGroup : nn.Module<Tensor, Tensor>
{
    readonly Sequential layer;

    /// <summary>[N, in, side, side] -> [N, out, side/stride, side/stride].</summary>
    public WideResNetGroup(int blocks, long inChannels, long outChannels, long stride, long side, double dropout, ILayerFactory layers, NoiseSource source)
        : base(nameof(WideResNetGroup))
    {
        layer = nn.Sequential([.. Enumerable.Range(0, blocks).Select(i => i == 0
            ? new WideResNetBlock(inChannels, outChannels, stride, side, dropout, layers, source)
            : new WideResNetBlock(outChannels, outChannels, 1, side / stride, dropout, layers, source))]);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => layer.call(input);
}

/// <summary>
/// y = relu(bn1(x)); out = conv2(dropout(relu(bn2(conv1(y))))) + shortcut, where the shortcut is a 1x1 convolution of y when
/// the width changes and x itself otherwise.
/// </summary>
internal sealed class WideResNetBlock : nn.Module<Tensor, Tensor>
{
    readonly BatchNorm2d bn1;
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly BatchNorm2d bn2;
    readonly nn.Module<Tensor, Tensor> conv2;
    readonly nn.Module<Tensor, Tensor>? convShortcut;
    readonly DerivedDropout? dropout;

    /// <summary>[N, in, side, side] -> [N, out, side/stride, side/stride].</summary>
    public WideResNetBlock(long inChannels, long outChannels, long stride, long side, double dropout, ILayerFactory layers, NoiseSource source)
        : base(nameof(WideResNetBlock))
    {
        bn1 = nn.BatchNorm2d(inChannels);
        conv1 = layers.Convolution(LayerRole.Block, inChannels, outChannels, 3, stride, side);
        bn2 = nn.BatchNorm2d(outChannels);
        conv2 = layers.Convolution(LayerRole.Block, outChannels, outChannels, 3, 1, side / stride);
        convShortcut = inChannels == outChannels ? null : layers.Convolution(LayerRole.Shortcut, inChannels, outChannels, 1, stride, side);
        this.dropout = dropout == 0 ? null : new DerivedDropout(dropout, source);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope(); // a block's activations are freed before the next one begins
        var y = nn.functional.relu(bn1.call(input), inplace: true);
        var shortcut = convShortcut is null ? input : convShortcut.call(y);
        y = nn.functional.relu(bn2.call(conv1.call(y)), inplace: true);
        if (dropout is not null && training) y = dropout.call(y);
        return conv2.call(y).add_(shortcut).MoveToOuterDisposeScope();
    }
}
