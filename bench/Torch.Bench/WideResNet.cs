using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Bench;

/// <summary>A plain WRN-depth-width (Zagoruyko and Komodakis, arXiv 1605.07146) for 32x32 images, with PyTorch's usual names.</summary>
internal sealed class WideResNet : Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly ResidualGroup block1, block2, block3;
    private readonly BatchNorm2d bn1;
    private readonly Linear fc;

    /// <summary>Creates the network with PyTorch's default initial weights.</summary>
    /// <param name="depth">6 n + 4 layers.</param>
    /// <param name="width">Factor of the channels 16, 32, 64.</param>
    public WideResNet(int depth, int width)
        : base(nameof(WideResNet))
    {
        var layers = (depth - 4) / 6;
        conv1 = Conv2d(3, 16, 3, padding: 1L, bias: false);
        block1 = new ResidualGroup(layers, 16, 16 * width, 1);
        block2 = new ResidualGroup(layers, 16 * width, 32 * width, 2);
        block3 = new ResidualGroup(layers, 32 * width, 64 * width, 2);
        bn1 = BatchNorm2d(64 * width);
        fc = Linear(64 * width, 10);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = block3.call(block2.call(block1.call(conv1.call(input))));
        x = functional.avg_pool2d(functional.relu(bn1.call(x)), [8, 8]);
        return fc.call(x.flatten(1)).MoveToOuterDisposeScope();
    }
}

/// <summary>Residual blocks of one size; the first changes channels and stride.</summary>
internal sealed class ResidualGroup : Module<Tensor, Tensor>
{
    private readonly Sequential layer;

    public ResidualGroup(int layers, int inputs, int outputs, int stride)
        : base(nameof(ResidualGroup))
    {
        layer = Sequential(Enumerable.Range(0, layers).Select(Module<Tensor, Tensor> (i) => new ResidualBlock(i == 0 ? inputs : outputs, outputs, i == 0 ? stride : 1)));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => layer.call(input);
}

/// <summary>Pre-activation block of two 3x3 convolutions.</summary>
internal sealed class ResidualBlock : Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn1, bn2;
    private readonly Conv2d conv1, conv2;
    private readonly Conv2d? convShortcut;

    public ResidualBlock(int inputs, int outputs, int stride)
        : base(nameof(ResidualBlock))
    {
        bn1 = BatchNorm2d(inputs);
        conv1 = Conv2d(inputs, outputs, 3, stride: stride, padding: 1L, bias: false);
        bn2 = BatchNorm2d(outputs);
        conv2 = Conv2d(outputs, outputs, 3, padding: 1L, bias: false);
        convShortcut = inputs == outputs ? null : Conv2d(inputs, outputs, 1, stride: stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var h = functional.relu(bn1.call(input));
        var shortcut = convShortcut is null ? input : convShortcut.call(h);
        h = conv2.call(functional.relu(bn2.call(conv1.call(h))));
        return (h + shortcut).MoveToOuterDisposeScope();
    }
}
