using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// The post-activation block of He et al. (2016, section 3): relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), where
/// the shortcut is x itself unless the block changes width or size.
/// </summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly BatchNorm2d bn1;
    readonly nn.Module<Tensor, Tensor> conv2;
    readonly BatchNorm2d bn2;
    readonly nn.Module<Tensor, Tensor>? _shortcut;

    BasicBlock(BlockShape shape, ILayerFactory layers)
        : base(nameof(BasicBlock))
    {
        conv1 = layers.Convolution(LayerRole.Block, shape.In, shape.Out, 3, shape.Stride, shape.Side);
        bn1 = nn.BatchNorm2d(shape.Out);
        conv2 = layers.Convolution(LayerRole.Block, shape.Out, shape.Out, 3, 1, shape.OutSide);
        bn2 = nn.BatchNorm2d(shape.Out);
        // Not by RegisterComponents: the shortcut's name is not the field's.
        register_module(nameof(conv1), conv1);
        register_module(nameof(bn1), bn1);
        register_module(nameof(conv2), conv2);
        register_module(nameof(bn2), bn2);
    }

    BasicBlock(BlockShape shape, ILayerFactory layers, string name, Func<nn.Module<Tensor, Tensor>> shortcut)
        : this(shape, layers)
    {
        if (!shape.Changes) return;
        _shortcut = shortcut();
        register_module(name, _shortcut);
    }

    /// <summary>Option A of He et al. (2016): every second pixel, zero channels on both sides; no parameters.</summary>
    public static BasicBlock Padded(BlockShape shape, ILayerFactory layers) =>
        new(shape, layers, "shortcut", () => new PaddedShortcut(shape));

    /// <summary>Option B of He et al. (2016): a 1x1 convolution <c>NAME.0</c> and a batch norm <c>NAME.1</c>.</summary>
    /// <param name="shape">What the block does.</param>
    /// <param name="layers">Makes its convolutions, the shortcut's last.</param>
    /// <param name="name">What the shortcut is called in the state dict.</param>
    public static BasicBlock Projected(BlockShape shape, ILayerFactory layers, string name) =>
        new(shape, layers, name, () => nn.Sequential(
            layers.Convolution(LayerRole.Shortcut, shape.In, shape.Out, 1, shape.Stride, shape.Side),
            nn.BatchNorm2d(shape.Out)));

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope(); // a block's activations are freed before the next one begins
        var x = nn.functional.relu(bn1.call(conv1.call(input)), inplace: true);
        x = bn2.call(conv2.call(x)).add_(_shortcut is null ? input : _shortcut.call(input));
        return nn.functional.relu(x, inplace: true).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// A shortcut without parameters: x[:, :, ::stride, ::stride] between (out - in)/2 zero channels on either side, which is
/// out/4 where the width doubles.
/// </summary>
internal sealed class PaddedShortcut : nn.Module<Tensor, Tensor>
{
    readonly TensorIndex _pixels;
    readonly long[] _channels;

    /// <summary>[N, In, Side, Side] -> [N, Out, Side/Stride, Side/Stride].</summary>
    public PaddedShortcut(BlockShape shape)
        : base(nameof(PaddedShortcut))
    {
        _pixels = TensorIndex.Slice(step: shape.Stride);
        var before = (shape.Out - shape.In) / 2;
        _channels = [0, 0, 0, 0, before, shape.Out - shape.In - before];
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return nn.functional.pad(input.index(TensorIndex.Ellipsis, _pixels, _pixels), _channels).MoveToOuterDisposeScope();
    }
}
