using KdRobust.Domain.Experiments;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// ResNet-20, 32, 44, 56 or 110 for 32x32 images (He et al. 2016, section 4.2): post-activation, n = (d-2)/6 blocks a stage,
/// widths 16, 32, 64, strides 1, 2, 2. With padded shortcuts its parameter names are those of akamaster's public code
/// (head <c>linear</c>), with projections those of SIAM's (<c>downsample</c>, head <c>fc</c>).
/// Parameters without noise, padded: 269,722; 464,154; 658,586; 853,018; 1,727,962. Projections add 2,752.
/// </summary>
internal sealed class CifarResNet : Backbone
{
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly BatchNorm2d bn1;
    readonly Sequential layer1;
    readonly Sequential layer2;
    readonly Sequential layer3;
    readonly nn.Module<Tensor, Tensor>? linear;
    readonly nn.Module<Tensor, Tensor>? fc;

    /// <summary>images [N, 3, 32, 32] in [0,1] -> logits [N, 10].</summary>
    /// <exception cref="ArgumentException">The depth is not 6n+2.</exception>
    public CifarResNet(CifarResNetSpec spec, ILayerFactory layers)
        : base(nameof(CifarResNet), Checked(spec).Normalize)
    {
        var padded = spec.Shortcut == ResNetShortcut.Pad;
        Sequential Group(BlockShape first) => Stage((spec.Depth - 2) / 6, first, shape =>
            padded ? BasicBlock.Padded(shape, layers) : BasicBlock.Projected(shape, layers, "downsample"));

        conv1 = layers.Convolution(LayerRole.Stem, 3, 16, 3, 1, Side);
        bn1 = nn.BatchNorm2d(16);
        layer1 = Group(new(16, 16, 1, 32));
        layer2 = Group(new(16, 32, 2, 32));
        layer3 = Group(new(32, 64, 2, 16));
        var head = layers.Linear(64, Classes);
        (linear, fc) = padded ? (head, null) : ((nn.Module<Tensor, Tensor>?)null, head);
        RegisterComponents();
    }

    /// <summary>Kaiming's: fan-in, gain sqrt 2 (He et al. 2015).</summary>
    public override ConvolutionStart ConvolutionStart => ConvolutionStart.FanInNormal;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = nn.functional.relu(bn1.call(conv1.call(Pixels(input))), inplace: true);
        x = layer3.call(layer2.call(layer1.call(x))); // [N, 64, 8, 8]
        return (linear ?? fc)!.call(AveragePool(x, 8)).MoveToOuterDisposeScope();
    }

    static CifarResNetSpec Checked(CifarResNetSpec spec)
    {
        if (spec.Depth < 8 || (spec.Depth - 2) % 6 != 0)
            throw new ArgumentException($"architecture.depth is {spec.Depth}, expected 6n+2: 20, 32, 44, 56, 110, ...", nameof(spec));
        if (!Enum.IsDefined(spec.Shortcut))
            throw new ArgumentException($"architecture.shortcut is {spec.Shortcut}, expected pad or projection", nameof(spec));
        return spec;
    }
}
