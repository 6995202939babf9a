using static TorchSharp.torch;

namespace KdRobust.Torch.Tests.Parity;

/// <summary>How parameters are filled: the functions of nn.init, and what a layer's constructor draws.</summary>
static class LayerCases
{
    internal static CaseTable Table => new()
    {
        { "kaiming_normal_/fan_in", () => Seeded(t => nn.init.kaiming_normal_(t), 4, 3, 3, 3) },
        { "kaiming_normal_/fan_out_relu", () => Seeded(t => nn.init.kaiming_normal_(t, 0, nn.init.FanInOut.FanOut, nn.init.NonlinearityType.ReLU), 4, 3, 3, 3) },
        { "kaiming_uniform_/linear_default", () => Seeded(t => nn.init.kaiming_uniform_(t, Math.Sqrt(5)), 5, 7) },
        { "init_ones_/plain", () => Seeded(t => nn.init.ones_(t), 2, 3) },
        { "init_zeros_/plain", () => Seeded(t => nn.init.zeros_(t), 2, 3) },
        { "constant_/plain", () => Seeded(t => nn.init.constant_(t, 0.3), 2, 3) },
        { "init_normal_/moments", () => Seeded(t => nn.init.normal_(t, 1.0, 0.02), 5, 7) },
        { "layer/Linear", () => Made(() => nn.Linear(7, 5)) },
        { "layer/Conv2d", () => Made(() => nn.Conv2d(3, 4, 3, stride: 2, padding: 1L)) },
        { "layer/Conv2d_grouped", () => Made(() => nn.Conv2d(4, 6, 1, groups: 2, bias: false)) },
        { "layer/BatchNorm2d", () => Made(() => nn.BatchNorm2d(4)) },
    };

    static Tensor Seeded(Func<Tensor, Tensor> fill, params long[] shape)
    {
        manual_seed(31);
        return fill(empty(shape));
    }

    static Tensor[] Made(Func<nn.Module> build)
    {
        manual_seed(77);
        return [.. build().state_dict().Values];
    }
}
