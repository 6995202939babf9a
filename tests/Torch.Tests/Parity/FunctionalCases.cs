using static TorchSharp.torch;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace KdRobust.Torch.Tests.Parity;

static class FunctionalCases
{
    internal static CaseTable Table
    {
        get
        {
            var table = new CaseTable
            {
                { "conv2d/padded", (x, w, b) => functional.conv2d(x, w, b, padding: [1, 1]) },
                { "conv2d/strided", (x, w) => functional.conv2d(x, w, strides: [2, 2]) },
                { "conv2d/dilated", (x, w) => functional.conv2d(x, w, strides: [1, 2], padding: [2, 0], dilation: [2, 2]) },
                { "conv2d/grouped", (x, w) => functional.conv2d(x, w, padding: [1, 1], groups: 2) },
                { "relu_f/plain", a => functional.relu(a) },
                { "relu_f/inplace", a => functional.relu(a.clone(), inplace: true) },
                { "linear/bias", (x, w, b) => functional.linear(x, w, b) },
                { "linear/plain", (x, w) => functional.linear(x, w) },
                { "cross_entropy/mean", (z, y) => functional.cross_entropy(z, y) },
                { "cross_entropy/sum", (z, y) => functional.cross_entropy(z, y, reduction: Reduction.Sum) },
                { "cross_entropy/none", (z, y) => functional.cross_entropy(z, y, reduction: Reduction.None) },
                { "cross_entropy/weighted", (z, y, w) => functional.cross_entropy(z, y, w, ignore_index: 1) },
                { "cross_entropy/smoothed", (z, y) => functional.cross_entropy(z, y, label_smoothing: 0.1) },
                { "cross_entropy/soft", (z, p) => functional.cross_entropy(z, p) },
                { "nll_loss/mean", (z, y) => functional.nll_loss(z, y) },
                { "nll_loss/none", (z, y, w) => functional.nll_loss(z, y, w, Reduction.None) },
                { "log_softmax_f/rows", z => functional.log_softmax(z, 1) },
                { "softmax_f/rows", z => functional.softmax(z, 1) },
                { "avg_pool2d/square", x => functional.avg_pool2d(x, [2, 2]) },
                { "avg_pool2d/padded", x => functional.avg_pool2d(x, [3, 3], [2, 2], [1, 1], count_include_pad: false) },
                { "avg_pool2d/divisor", x => functional.avg_pool2d(x, [2, 2], ceil_mode: true, divisor_override: 3) },
                { "adaptive_avg_pool2d/one", x => functional.adaptive_avg_pool2d(x, [1, 1]) },
                { "adaptive_avg_pool2d/two", x => functional.adaptive_avg_pool2d(x, [2, 3]) },
                { "max_pool2d/square", x => functional.max_pool2d(x, [2, 2]) },
                { "max_pool2d/padded", x => functional.max_pool2d(x, [3, 3], [2, 2], [1, 1]) },
                { "dropout/evaluation", x => functional.dropout(x, 0.5, training: false) },
                { "pad/constant", x => functional.pad(x, [1, 2, 0, 1], value: 0.5) },
                { "pad/reflect", x => functional.pad(x, [1, 1, 2, 1], PaddingModes.Reflect) },
                { "pad/channels", x => functional.pad(x, [0, 0, 0, 0, 1, 1]) },
                { "one_hot/classes", y => functional.one_hot(y, 5) },
                { "one_hot/inferred", y => functional.one_hot(y) },
                { "kl_div/log_target", (a, b) => functional.kl_div(a, b) },
                { "kl_div/sum", (a, b) => functional.kl_div(a, b, log_target: false, reduction: Reduction.Sum) },
                { "mse_loss/mean", (a, b) => functional.mse_loss(a, b) },
                { "mse_loss/none", (a, b) => functional.mse_loss(a, b, Reduction.None) },
                { "interpolate/nearest", x => functional.interpolate(x, size: [4, 6]) },
                { "interpolate/bilinear", x => functional.interpolate(x, scale_factor: [2, 1.5], mode: InterpolationMode.Bilinear, align_corners: false) },
            };
            table.AddMany("batch_norm/training", x => BatchNorm(x, training: true));
            table.AddMany("batch_norm/evaluation", x => BatchNorm(x, training: false));
            table.AddMany("batch_norm/momentum", x => BatchNorm(x, training: true, 0.5, 1e-3));
            return table;
        }
    }

    static Tensor[] BatchNorm(Tensor[] x, bool training, double momentum = 0.1, double eps = 1e-5)
    {
        Tensor mean = x[3].clone(), variance = x[4].clone();
        return [functional.batch_norm(x[0], mean, variance, x[1], x[2], training, momentum, eps), mean, variance];
    }
}
