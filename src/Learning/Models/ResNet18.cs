using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// ResNet-18 (He et al. 2016) for 32x32 images as robustness papers use it: a 3x3 stem of 64 channels without max pooling,
/// two blocks of each of the widths 64, 128, 256, 512, strides 1, 2, 2, 2, projections where the width changes. Parameter
/// names are those common in CIFAR code (<c>layer2.0.shortcut.0</c>, head <c>linear</c>). 11,173,962 parameters without noise.
/// </summary>
internal sealed class ResNet18 : Backbone
{
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly BatchNorm2d bn1;
    readonly Sequential layer1;
    readonly Sequential layer2;
    readonly Sequential layer3;
    readonly Sequential layer4;
    readonly nn.Module<Tensor, Tensor> linear;

    /// <summary>images [N, 3, 32, 32] in [0,1] -> logits [N, 10].</summary>
    public ResNet18(ResNet18Spec spec, ILayerFactory layers)
        : base(nameof(ResNet18), spec.Normalize)
    {
        Sequential Group(BlockShape first) => Stage(2, first, shape => BasicBlock.Projected(shape, layers, "shortcut"));

        conv1 = layers.Convolution(LayerRole.Stem, 3, 64, 3, 1, Side);
        bn1 = nn.BatchNorm2d(64);
        layer1 = Group(new(64, 64, 1, 32));
        layer2 = Group(new(64, 128, 2, 32));
        layer3 = Group(new(128, 256, 2, 16));
        layer4 = Group(new(256, 512, 2, 8));
        linear = layers.Linear(512, Classes);
        RegisterComponents();
    }

    /// <summary>PyTorch's own: the public codes set no other.</summary>
    public override ConvolutionStart ConvolutionStart => ConvolutionStart.FanInUniform;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = nn.functional.relu(bn1.call(conv1.call(Pixels(input))), inplace: true);
        x = layer4.call(layer3.call(layer2.call(layer1.call(x)))); // [N, 512, 4, 4]
        return linear.call(AveragePool(x, 4)).MoveToOuterDisposeScope();
    }
}
