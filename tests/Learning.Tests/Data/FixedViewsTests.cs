using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Learning.Data;
using KdRobust.Learning.Randomness;
using KdRobust.Support;
using KdRobust.Torch;
using static TorchSharp.torch;

namespace KdRobust.Learning.Tests.Data;

public sealed class FixedViewsTests
{
    const int Count = 24;
    static readonly LabelledImages Images = SyntheticImages.Make(DataSplit.Train, Count);
    static readonly AugmentationSpec Both = new() { CropPadding = 4, Flip = true };

    static byte[][] Views(long[] views)
    {
        using var scope = NewDisposeScope();
        using var images = new DeviceImages(Images, DefaultDevice.OfProcess);
        using var crop = new CropAndFlip(Both, new SeedTree(5), views, DefaultDevice.OfProcess);
        var bytes = crop.Bytes(images, arange(0, Count, 1, ScalarType.Int64)).contiguous().cpu().bytes.ToArray();
        return [.. bytes.Chunk(LabelledImages.ImageBytes)];
    }

    [DeviceFact]
    public void An_epoch_sees_of_every_image_just_the_view_it_chose()
    {
        byte[][][] all = [.. Enumerable.Range(0, 3).Select(v => Views(FixedViews.All(v, Count)))];
        var chosen = FixedViews.Chosen(new SeedTree(5), 7, Count, 3);

        var seen = Views(chosen);

        for (var i = 0; i < Count; i++) seen[i].ShouldBe(all[chosen[i]][i]);
        Enumerable.Range(0, Count).Count(i => !all[0][i].SequenceEqual(all[1][i])).ShouldBeGreaterThan(Count / 2);
    }

    [DeviceFact]
    public void Views_are_chosen_evenly_and_anew_in_every_epoch()
    {
        var first = FixedViews.Chosen(new SeedTree(5), 0, 3000, 3);

        for (var view = 0; view < 3; view++) first.Count(v => v == view).ShouldBeInRange(900, 1100);
        FixedViews.Chosen(new SeedTree(5), 0, 3000, 3).ShouldBe(first);
        FixedViews.Chosen(new SeedTree(5), 1, 3000, 3).Zip(first).Count(p => p.First == p.Second).ShouldBeInRange(900, 1100);
    }
}
