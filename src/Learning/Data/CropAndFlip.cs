using KdRobust.Domain.Experiments;
using KdRobust.Learning.Randomness;
using static TorchSharp.torch;

namespace KdRobust.Learning.Data;

/// <summary>
/// Random crop out of a zero-padded image and random horizontal flip, one view of every image: drawn per (epoch, image), or
/// one of an image's fixed views. The view of an image depends neither on its batch nor on the batch size.
/// </summary>
internal sealed class CropAndFlip : IDisposable
{
    const int Side = LabelledImages.Side;
    readonly int _padding;
    readonly bool _identity;
    readonly Tensor _views;   // int64 [N, 3]: top, left, flip (0 or 1)
    readonly Tensor _along;   // int64 [32]: 0 .. 31
    readonly Tensor _mirror;  // int64 [32]: 31 - 2j, what a flip adds to column j

    /// <summary>The views of an epoch.</summary>
    public CropAndFlip(AugmentationSpec spec, SeedTree seeds, int epoch, int count, Device device)
        : this(spec, image => seeds.Seed(RandomStream.Augmentation, epoch, image), count, device)
    {
    }

    /// <summary>Fixed views: image i in its <paramref name="views"/>[i]-th, the same in every job of this seed.</summary>
    /// <param name="spec">How.</param>
    /// <param name="seeds">Root of the views.</param>
    /// <param name="views">Which view of each image.</param>
    /// <param name="device">Where the images are.</param>
    /// <param name="first">Index of image 0 in its split.</param>
    public CropAndFlip(AugmentationSpec spec, SeedTree seeds, long[] views, Device device, int first = 0)
        : this(spec, image => seeds.Seed(RandomStream.LabelView, views[image], first + image), views.Length, device)
    {
    }

    CropAndFlip(AugmentationSpec spec, Func<int, long> seedOf, int count, Device device)
    {
        _padding = spec.CropPadding;
        _identity = spec is { CropPadding: 0, Flip: false };
        using var scope = NewDisposeScope();
        _views = Draw(spec, seedOf, count, device).DetachFromDisposeScope();
        _along = arange(0, Side, 1, ScalarType.Int64, device).DetachFromDisposeScope();
        _mirror = arange(Side - 1, -Side, -2, ScalarType.Int64, device).DetachFromDisposeScope();
    }

    static Tensor Draw(AugmentationSpec spec, Func<int, long> seedOf, int count, Device device)
    {
        var views = new long[count * 3];
        for (var i = 0; i < count; i++)
        {
            var random = new HostRandom((ulong)seedOf(i));
            views[3 * i] = random.Below((2 * spec.CropPadding) + 1);
            views[(3 * i) + 1] = random.Below((2 * spec.CropPadding) + 1);
            views[(3 * i) + 2] = spec.Flip ? random.Below(2) : 0;
        }
        return from_array(views, device).view(count, 3);
    }

    /// <summary>The views of the images at <paramref name="index"/> (int64 [B]), in [0,1]: float32 [B, 3, 32, 32].</summary>
    public Tensor Apply(DeviceImages images, Tensor index)
    {
        using var bytes = Bytes(images, index);
        return DeviceImages.ToUnit(bytes);
    }

    /// <summary>The same as bytes: uint8 [B, 3, 32, 32].</summary>
    public Tensor Bytes(DeviceImages images, Tensor index)
    {
        using var scope = NewDisposeScope();
        var bytes = images.Bytes(index);
        return (_identity ? bytes : Shift(bytes, index)).MoveToOuterDisposeScope();
    }

    // One gather over the flattened padded image: crop and flip are both a choice of source pixel.
    Tensor Shift(Tensor bytes, Tensor index)
    {
        var batch = bytes.shape[0];
        var padded = nn.functional.pad(bytes, [_padding, _padding, _padding, _padding]); // [B, 3, P, P]
        var width = Side + (2 * _padding);
        var views = _views.index_select(0, index);                                       // [B, 3]
        var rows = views.narrow(1, 0, 1) + _along;                                       // [B, 32]
        var columns = views.narrow(1, 1, 1) + _along + views.narrow(1, 2, 1) * _mirror;  // [B, 32]
        var source = (rows * width).unsqueeze(2) + columns.unsqueeze(1);                 // [B, 32, 32]
        var flat = source.view(batch, 1, Side * Side).expand([batch, LabelledImages.Channels, Side * Side]);
        return padded.flatten(2).gather(2, flat).view(batch, LabelledImages.Channels, Side, Side);
    }

    public void Dispose()
    {
        _views.Dispose();
        _along.Dispose();
        _mirror.Dispose();
    }
}
