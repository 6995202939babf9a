using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// Pre-activation ResNet-18 (He et al. 2016b) for 32x32 images: a 3x3 stem of 64 channels without batch norm, two blocks of
/// each of the widths 64, 128, 256, 512, strides 1, 2, 2, 2, then batch norm <c>bn</c> and ReLU before pooling. 11,172,170
/// parameters without noise.
/// </summary>
/// <remarks>
/// The last batch norm is He et al.'s (their appendix) and that of the codes for adversarial training (Rice et al. 2020 and
/// what followed); some CIFAR code leaves it and its ReLU out, and weights of such a network do not fit (no <c>bn.weight</c>).
/// </remarks>
internal sealed class PreActResNet18 : Backbone
{
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly Sequential layer1;
    readonly Sequential layer2;
    readonly Sequential layer3;
    readonly Sequential layer4;
    readonly BatchNorm2d bn;
    readonly nn.Module<Tensor, Tensor> linear;

    /// <summary>images [N, 3, 32, 32] in [0,1] -> logits [N, 10].</summary>
    public PreActResNet18(PreActResNet18Spec spec, ILayerFactory layers)
        : base(nameof(PreActResNet18), spec.Normalize)
    {
        Sequential Group(BlockShape first) => Stage(2, first, shape => new PreActBlock(shape, layers));

        conv1 = layers.Convolution(LayerRole.Stem, 3, 64, 3, 1, Side);
        layer1 = Group(new(64, 64, 1, 32));
        layer2 = Group(new(64, 128, 2, 32));
        layer3 = Group(new(128, 256, 2, 16));
        layer4 = Group(new(256, 512, 2, 8));
        bn = nn.BatchNorm2d(512);
        linear = layers.Linear(512, Classes);
        RegisterComponents();
    }

    /// <summary>PyTorch's own: the public codes set no other.</summary>
    public override ConvolutionStart ConvolutionStart => ConvolutionStart.FanInUniform;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = layer4.call(layer3.call(layer2.call(layer1.call(conv1.call(Pixels(input)))))); // [N, 512, 4, 4]
        x = nn.functional.relu(bn.call(x), inplace: true);
        return linear.call(AveragePool(x, 4)).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// y = relu(bn1(x)); out = conv2(relu(bn2(conv1(y)))) + shortcut, where the shortcut is a 1x1 convolution <c>shortcut.0</c>
/// of y when the block changes width or size and x itself otherwise.
/// </summary>
internal sealed class PreActBlock : nn.Module<Tensor, Tensor>
{
    readonly BatchNorm2d bn1;
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly BatchNorm2d bn2;
    readonly nn.Module<Tensor, Tensor> conv2;
    readonly Sequential? shortcut;

    /// <summary>[N, In, Side, Side] -> [N, Out, Side/Stride, Side/Stride].</summary>
    public PreActBlock(BlockShape shape, ILayerFactory layers)
        : base(nameof(PreActBlock))
    {
        bn1 = nn.BatchNorm2d(shape.In);
        conv1 = layers.Convolution(LayerRole.Block, shape.In, shape.Out, 3, shape.Stride, shape.Side);
        bn2 = nn.BatchNorm2d(shape.Out);
        conv2 = layers.Convolution(LayerRole.Block, shape.Out, shape.Out, 3, 1, shape.OutSide);
        shortcut = shape.Changes ? nn.Sequential(layers.Convolution(LayerRole.Shortcut, shape.In, shape.Out, 1, shape.Stride, shape.Side)) : null;
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope(); // a block's activations are freed before the next one begins
        var y = nn.functional.relu(bn1.call(input), inplace: true);
        var kept = shortcut is null ? input : shortcut.call(y);
        y = nn.functional.relu(bn2.call(conv1.call(y)), inplace: true);
        return conv2.call(y).add_(kept).MoveToOuterDisposeScope();
    }
}
