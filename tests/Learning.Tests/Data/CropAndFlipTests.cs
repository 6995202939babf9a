using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Data;

public sealed class CropAndFlipTests
{
    const int Count = 24;
    static readonly LabelledImages Images = SyntheticImages.Make(DataSplit.Train, Count);
    static readonly AugmentationSpec Both = new() { CropPadding = 4, Flip = true };

    static byte[] Apply(AugmentationSpec spec, int epoch, params long[] indices)
    {
        using var scope = NewDisposeScope();
        using var images = new DeviceImages(Images, DefaultDevice.OfProcess);
        using var views = new CropAndFlip(spec, new SeedTree(5), epoch, Count, DefaultDevice.OfProcess);
        return views.Apply(images, from_array(indices)).mul(255).round().to(ScalarType.Byte).contiguous().cpu().bytes.ToArray();
    }

    static byte[] Original(int index) => Images.Pixels[(index * 3072)..((index + 1) * 3072)];

    [DeviceFact]
    public void The_view_of_an_image_does_not_depend_on_its_batch()
    {
        var together = Apply(Both, 3, 0, 1, 2, 3, 4, 5, 6, 7);

        Apply(Both, 3, 6).ShouldBe(together[(6 * 3072)..(7 * 3072)]);
        Apply(Both, 3, 23, 2, 17)[3072..6144].ShouldBe(together[(2 * 3072)..(3 * 3072)]);
    }

    [DeviceFact]
    public void Every_view_is_a_crop_of_the_padded_image_or_of_its_mirror()
    {
        var indices = Enumerable.Range(0, Count).Select(i => (long)i).ToArray();
        var offsets = new HashSet<(int, int)>();
        var flips = 0;
        for (var epoch = 0; epoch < 4; epoch++)
        {
            var views = Apply(Both, epoch, indices);
            for (var i = 0; i < Count; i++)
            {
                var (top, left, flip) = FindCrop(views[(i * 3072)..((i + 1) * 3072)], Original(i)).ShouldNotBeNull();
                offsets.Add((top, left));
                flips += flip ? 1 : 0;
            }
        }
        // 96 views over 81 places and a fair coin: many places, about half of them mirrored.
        offsets.Count.ShouldBeGreaterThan(40);
        flips.ShouldBeInRange(25, 71);
    }

    [DeviceFact]
    public void Without_augmentation_the_image_stays()
    {
        Apply(new AugmentationSpec { CropPadding = 0, Flip = false }, 1, 7).ShouldBe(Original(7));
    }

    [DeviceFact]
    public void Flip_alone_crops_nothing()
    {
        var indices = Enumerable.Range(0, Count).Select(i => (long)i).ToArray();
        var views = Apply(new AugmentationSpec { CropPadding = 0, Flip = true }, 1, indices);

        for (var i = 0; i < Count; i++)
            FindCrop(views[(i * 3072)..((i + 1) * 3072)], Original(i)).ShouldNotBeNull().ShouldSatisfyAllConditions(c => c.Top.ShouldBe(4), c => c.Left.ShouldBe(4));
    }

    [DeviceFact]
    public void Epochs_differ_and_repeat_themselves()
    {
        Apply(Both, 1, 0, 1, 2, 3).ShouldBe(Apply(Both, 1, 0, 1, 2, 3));
        Apply(Both, 1, 0, 1, 2, 3).ShouldNotBe(Apply(Both, 2, 0, 1, 2, 3));
    }

    // Place of the crop in the image padded by 4; (4, 4) is the image itself.
    static (int Top, int Left, bool Flip)? FindCrop(byte[] view, byte[] image)
    {
        for (var top = 0; top <= 8; top++)
        for (var left = 0; left <= 8; left++)
        foreach (var flip in new[] { false, true })
            if (Crop(image, top, left, flip).AsSpan().SequenceEqual(view)) return (top, left, flip);
        return null;
    }

    static byte[] Crop(byte[] image, int top, int left, bool flip)
    {
        var crop = new byte[3072];
        for (var c = 0; c < 3; c++)
        for (var y = 0; y < 32; y++)
        for (var x = 0; x < 32; x++)
        {
            var (row, column) = (y + top - 4, (flip ? 31 - x : x) + left - 4);
            if (row is >= 0 and < 32 && column is >= 0 and < 32) crop[(c * 1024) + (y * 32) + x] = image[(c * 1024) + (row * 32) + column];
        }
        return crop;
    }
}
