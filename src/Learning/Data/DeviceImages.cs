using static TorchSharp.torch;

namespace KdRobust.Learning.Data;

/// <summary>Images of one split on the device as bytes; a quarter of the memory of floats, and converted where they are used.</summary>
internal sealed class DeviceImages : IDisposable
{
    readonly Tensor _pixels; // uint8 [N, 3, 32, 32]
    readonly Tensor _labels; // int64 [N]

    /// <param name="images">What is copied.</param>
    /// <param name="device">To where.</param>
    /// <param name="first">Index of the first image in its split.</param>
    public DeviceImages(LabelledImages images, Device device, int first = 0)
    {
        using var scope = NewDisposeScope();
        _pixels = tensor(images.Pixels, [images.Count, LabelledImages.Channels, LabelledImages.Side, LabelledImages.Side], ScalarType.Byte, device).DetachFromDisposeScope();
        _labels = tensor(images.Labels, [images.Count], ScalarType.Byte, device).to(ScalarType.Int64).DetachFromDisposeScope();
        Count = images.Count;
        Device = device;
        First = first;
    }

    /// <summary>Index in its split of image 0 here.</summary>
    public int First { get; }

    /// <summary>N.</summary>
    public int Count { get; }

    public Device Device { get; }

    /// <summary>Bytes of the images at <paramref name="index"/> (int64 [B]): uint8 [B, 3, 32, 32].</summary>
    public Tensor Bytes(Tensor index) => _pixels.index_select(0, index);

    /// <summary>Classes of the images at <paramref name="index"/>: int64 [B].</summary>
    public Tensor Labels(Tensor index) => _labels.index_select(0, index);

    /// <summary>Un-augmented images <paramref name="start"/> .. start + count - 1 in [0,1]: float32 [count, 3, 32, 32].</summary>
    public Tensor Pixels(int start, int count)
    {
        using var bytes = _pixels.narrow(0, start, count);
        return ToUnit(bytes);
    }

    /// <summary>Classes of images <paramref name="start"/> .. start + count - 1: int64 [count].</summary>
    public Tensor Labels(int start, int count) => _labels.narrow(0, start, count);

    /// <summary>Bytes of all images, uint8 [N, 3, 32, 32]; this object's.</summary>
    public Tensor AllBytes => _pixels;

    /// <summary>Classes of all images, int64 [N]; this object's.</summary>
    public Tensor AllLabels => _labels;

    /// <summary>Bytes to floats in [0,1].</summary>
    public static Tensor ToUnit(Tensor bytes) => bytes.to(ScalarType.Float32).div_(255);

    public void Dispose()
    {
        _pixels.Dispose();
        _labels.Dispose();
    }
}
