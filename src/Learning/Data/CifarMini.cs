using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Data;

/// <summary>
/// cifar10-mini cut from a full CIFAR-10: the first 200 images of each class in data_batch_1 (100 in test_batch),
/// in file order, so that classes stay mixed.
/// </summary>
internal static class CifarMini
{
    /// <summary>The mini set's split from the folder of the full set.</summary>
    /// <exception cref="RunInputException">The full set's file is damaged.</exception>
    public static LabelledImages Cut(string folder, DataSplit split)
    {
        var full = DatasetCatalog.Of(DatasetName.Cifar10);
        var mini = DatasetCatalog.Of(DatasetName.Cifar10Mini);
        return split == DataSplit.Train ? Cut(folder, full.Train[0], mini.Train[0]) : Cut(folder, full.Test[0], mini.Test[0]);
    }

    /// <summary>Cuts <paramref name="target"/> out of <paramref name="source"/> and checks what it cut.</summary>
    internal static LabelledImages Cut(string folder, DatasetFile source, DatasetFile target)
    {
        var cut = FirstOfEachClass(RecordFile.Read(folder, source), target.Records / LabelledImages.Classes);
        var sha256 = RecordFile.Sha256(RecordFile.Join(cut));
        return string.Equals(sha256, target.Sha256, StringComparison.Ordinal)
            ? cut
            : throw new InvalidOperationException($"the cut of {source.Name} has SHA-256 {sha256}, not {target.Sha256} as {target.Name} of cifar10-mini");
    }

    /// <summary>The first <paramref name="each"/> images of every class, in the order of <paramref name="images"/>.</summary>
    public static LabelledImages FirstOfEachClass(LabelledImages images, int each)
    {
        Span<int> taken = stackalloc int[LabelledImages.Classes];
        var labels = new List<byte>();
        var pixels = new List<byte>();
        for (var i = 0; i < images.Count; i++)
        {
            if (taken[images.Labels[i]]++ >= each) continue;
            labels.Add(images.Labels[i]);
            pixels.AddRange(images.Pixels.AsSpan(i * LabelledImages.ImageBytes, LabelledImages.ImageBytes));
        }
        return new LabelledImages([.. pixels], [.. labels]);
    }
}
