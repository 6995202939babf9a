using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// (x - mean) / std per channel, inside the model: attacks and input noise work on pixels in [0,1]. The constants are
/// CIFAR-10's (Nemcovsky et al. 2019) and not part of the state dict.
/// </summary>
internal sealed class Normalization : nn.Module<Tensor, Tensor>
{
    /// <summary>Mean of the red, green and blue pixels.</summary>
    public static readonly float[] Mean = [0.491f, 0.482f, 0.447f];

    /// <summary>Standard deviation of the red, green and blue pixels.</summary>
    public static readonly float[] Std = [0.247f, 0.243f, 0.262f];

    /// <summary>[N, 3, H, W] -> the same shape.</summary>
    public Normalization()
        : base(nameof(Normalization))
    {
        register_buffer("mean", tensor(Mean, [1, 3, 1, 1]), persistent: false);
        register_buffer("std", tensor(Std, [1, 3, 1, 1]), persistent: false);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.sub(get_buffer("mean")!).div_(get_buffer("std")!);
}
