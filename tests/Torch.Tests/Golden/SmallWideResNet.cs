using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Tests.Golden;

/// <summary>WRN-10-1 in plain TorchSharp, with PyTorch's parameter names and the normalisation inside: one block a group, widths 16, 32, 64.</summary>
sealed class SmallWideResNet : Module<Tensor, Tensor>
{
    // The order of the fields is the order of the state dict.
    readonly Conv2d conv1;
    readonly Group block1, block2, block3;
    readonly BatchNorm2d bn1;
    readonly Linear fc;
    readonly Tensor mean, deviation;

    internal SmallWideResNet(ScalarType type = ScalarType.Float32) : base(nameof(SmallWideResNet))
    {
        conv1 = Conv2d(3, 16, 3, stride: 1, padding: 1L, bias: false);
        block1 = new Group(16, 16, 1);
        block2 = new Group(16, 32, 2);
        block3 = new Group(32, 64, 2);
        bn1 = BatchNorm2d(64);
        fc = Linear(64, 10);
        RegisterComponents();
        this.to(type);
        mean = from_array(new[] { 0.491, 0.482, 0.447 }).view(1, 3, 1, 1).to(type);
        deviation = from_array(new[] { 0.247, 0.243, 0.262 }).view(1, 3, 1, 1).to(type);
        register_buffer("mean", mean, persistent: false);
        register_buffer("deviation", deviation, persistent: false);
    }

    public override Tensor forward(Tensor input)
    {
        var x = conv1.call((input - mean) / deviation); // [N,3,32,32] -> [N,16,32,32]
        x = functional.relu(bn1.call(block3.call(block2.call(block1.call(x))))); // -> [N,64,8,8]
        return fc.call(functional.avg_pool2d(x, [8, 8]).flatten(1)); // -> [N,10]
    }

    sealed class Group : Module<Tensor, Tensor>
    {
        readonly Sequential layer;

        internal Group(long input, long output, long stride) : base(nameof(Group))
        {
            layer = Sequential(("0", new Block(input, output, stride)));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => layer.call(input);
    }

    /// <summary>Pre-activation; the shortcut's convolution sees relu(bn1(x)).</summary>
    sealed class Block : Module<Tensor, Tensor>
    {
        readonly BatchNorm2d bn1;
        readonly Conv2d conv1;
        readonly BatchNorm2d bn2;
        readonly Conv2d conv2;
        readonly Conv2d? convShortcut;

        internal Block(long input, long output, long stride) : base(nameof(Block))
        {
            bn1 = BatchNorm2d(input);
            conv1 = Conv2d(input, output, 3, stride: stride, padding: 1L, bias: false);
            bn2 = BatchNorm2d(output);
            conv2 = Conv2d(output, output, 3, stride: 1, padding: 1L, bias: false);
            convShortcut = input == output ? null : Conv2d(input, output, 1, stride: stride, bias: false);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var active = functional.relu(bn1.call(input));
            var kept = convShortcut is null ? input : convShortcut.call(active);
            return kept + conv2.call(functional.relu(bn2.call(conv1.call(active))));
        }
    }
}
