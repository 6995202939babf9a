using KdRobust.Domain.Experiments;
using static TorchSharp.torch;

namespace KdRobust.Learning.Models;

/// <summary>
/// (x - mean) / std per channel, inside the model: attacks and input noise work on pixels in [0,1]. The constants are not
/// part of the state dict.
/// </summary>
internal sealed class Normalization : nn.Module<Tensor, Tensor>
{
    /// <summary>[N, 3, H, W] -> the same shape.</summary>
    public Normalization(NormalizationSpec spec)
        : base(nameof(Normalization))
    {
        register_buffer("mean", Channels(spec.Mean), persistent: false);
        register_buffer("std", Channels(spec.Std), persistent: false);
    }

    /// <summary>One number a channel as [1, 3, 1, 1], on a device; on the default one, where modules are built, when not given.</summary>
    public static Tensor Channels(IReadOnlyList<double> values, Device? device = null) =>
        tensor([.. values.Select(value => (float)value)], [1, 3, 1, 1], device: device);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.sub(get_buffer("mean")!).div_(get_buffer("std")!);
}
