using KdRobust.Domain.Experiments;
using KdRobust.Learning.Noise;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// WRN-d-k for 32x32 images (Zagoruyko and Komodakis 2016), pre-activation, n = (d-4)/6 blocks a group, widths
/// 16, 16k, 32k, 64k, strides 1, 2, 2. Parameter names are those of TRADES' public code.
/// Parameters without noise: WRN-10-1 77,850; WRN-16-2 691,674; WRN-28-4 5,849,050; WRN-28-10 36,479,194;
/// WRN-34-10 46,160,474.
/// </summary>
internal sealed class WideResNet : Backbone
{
    readonly nn.Module<Tensor, Tensor> conv1;
    readonly WideResNetGroup block1;
    readonly WideResNetGroup block2;
    readonly WideResNetGroup block3;
    readonly TorchSharp.Modules.BatchNorm2d bn1;
    readonly nn.Module<Tensor, Tensor> fc;

    /// <summary>images [N, 3, 32, 32] in [0,1] -> logits [N, 10].</summary>
    /// <exception cref="ArgumentException">The depth is not 6n+4.</exception>
    public WideResNet(WideResNetSpec spec, ILayerFactory layers, NoiseSource source)
        : base(nameof(WideResNet), Checked(spec).Normalize)
    {
        var blocks = (spec.Depth - 4) / 6;
        long[] widths = [16, 16L * spec.Width, 32L * spec.Width, 64L * spec.Width];
        WideResNetGroup Group(int number, long stride, long side) => new(blocks, widths[number - 1], widths[number], stride, side, spec.Dropout, layers, source);

        conv1 = layers.Convolution(LayerRole.Stem, 3, widths[0], 3, 1, Side);
        block1 = Group(1, 1, 32);
        block2 = Group(2, 2, 32);
        block3 = Group(3, 2, 16);
        bn1 = nn.BatchNorm2d(widths[3]);
        fc = layers.Linear(widths[3], Classes);
        RegisterComponents();
    }

    /// <summary>Fan-out, as the public code sets it.</summary>
    public override ConvolutionStart ConvolutionStart => ConvolutionStart.FanOutNormal;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = conv1.call(Pixels(input));
        x = block3.call(block2.call(block1.call(x)));
        x = nn.functional.relu(bn1.call(x), inplace: true); // [N, 64k, 8, 8]
        return fc.call(AveragePool(x, 8)).MoveToOuterDisposeScope();
    }

    static WideResNetSpec Checked(WideResNetSpec spec)
    {
        if (spec.Depth < 10 || (spec.Depth - 4) % 6 != 0)
            throw new ArgumentException($"architecture.depth is {spec.Depth}, expected 6n+4: 10, 16, 22, 28, 34, ...", nameof(spec));
        if (spec.Width < 1) throw new ArgumentException($"architecture.width is {spec.Width}, expected 1 or more", nameof(spec));
        return spec;
    }
}
