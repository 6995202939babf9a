using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Data;

/// <summary>A teacher's smoothed answers h [N, 10] on the clean, un-augmented training images; row i belongs to image i.</summary>
internal static class TeacherLabels
{
    public const string Votes = "votes";
    public const string MeanProbability = "mean_probability";
    /// <summary>The images' true classes, uint8 [N]: whether row i is about image i can be checked row by row.</summary>
    public const string Classes = "classes";

    // float32 sums of ten shares: 10 roundings of at most 6e-8 each.
    const double SumTolerance = 1e-5;

    /// <summary>What a label file says of itself, so that labels of other images are refused.</summary>
    public static Dictionary<string, string> Metadata(DatasetName name, DataSplit split, int images, int draws) => new(StringComparer.Ordinal)
    {
        ["dataset"] = name.ToString(),
        ["split"] = split.ToString(),
        ["images"] = FormattableString.Invariant($"{images}"),
        ["draws"] = FormattableString.Invariant($"{draws}"),
    };

    /// <summary>Reads the tensor of <paramref name="aggregation"/> for all training images of <paramref name="dataset"/>: float32 [N, 10] on <paramref name="device"/>.</summary>
    /// <exception cref="RunInputException">Malformed, of other images, of the wrong size, or rows that are not distributions.</exception>
    public static Tensor Read(string path, Aggregation aggregation, DatasetSpec dataset, Device device)
    {
        using var file = SafetensorsReader.Open(path);
        CheckMetadata(file, dataset);
        var name = aggregation switch
        {
            Aggregation.Votes => Votes,
            Aggregation.MeanProbability => MeanProbability,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no labels of this aggregation"),
        };
        if (file.Find(name) is { } entry && (entry.Type != ElementType.F32 || !entry.Shape.SequenceEqual([dataset.TrainImages, LabelledImages.Classes])))
            throw new RunInputException($"{path}: '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected F32 [{dataset.TrainImages}, {LabelledImages.Classes}]: one row a training image");
        var labels = file.Load(name);
        CheckRows(labels.bytes, name, path);
        return labels.to(device);
    }

    static void CheckMetadata(SafetensorsReader file, DatasetSpec dataset)
    {
        foreach (var (key, expected) in Metadata(dataset.Name, DataSplit.Train, dataset.TrainImages, draws: 0))
        {
            if (key == "draws") continue;
            var got = file.Header.Metadata.GetValueOrDefault(key);
            if (!string.Equals(got, expected, StringComparison.Ordinal))
                throw new RunInputException($"{file.Path}: these labels say {key} = {got ?? "nothing"}, but the training uses {expected}: labels of other images would teach the wrong classes");
        }
    }

    static void CheckRows(ReadOnlySpan<byte> bytes, string name, string path)
    {
        var values = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(bytes);
        for (var row = 0; row < values.Length / LabelledImages.Classes; row++)
        {
            var sum = 0.0;
            foreach (var share in values.Slice(row * LabelledImages.Classes, LabelledImages.Classes))
            {
                if (!(share >= 0)) throw new RunInputException($"{path}: '{name}' holds {share} in row {row}; shares are 0 to 1");
                sum += share;
            }
            if (!(Math.Abs(sum - 1) <= SumTolerance)) throw new RunInputException($"{path}: row {row} of '{name}' sums to {sum:R}, expected 1: not the answers of a teacher");
        }
    }
}
