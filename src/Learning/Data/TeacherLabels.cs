using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Data;

/// <summary>
/// A teacher's smoothed answers h on the training images: [N, 10] on the un-augmented ones, row i of image i; or [V, N, 10]
/// on V fixed views of each. A file that also holds <c>classes</c> [N] proves that its rows are those of our images.
/// </summary>
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

    /// <summary>All that the label file of a job says of itself.</summary>
    public static Dictionary<string, string> Metadata(SmoothingEvalPayload payload)
    {
        var metadata = Metadata(payload.Dataset.Name, payload.Split, payload.Images, payload.Draws);
        if (payload.LabelViews is { } views)
            foreach (var (key, value) in ViewMetadata(views, payload.Seed)) metadata.Add(key, value);
        return metadata;
    }

    /// <summary>What a file of fixed views says beside <see cref="Metadata(DatasetName, DataSplit, int, int)"/>: views follow from seed and augmentation.</summary>
    public static Dictionary<string, string> ViewMetadata(LabelViews views, long seed) => new(StringComparer.Ordinal)
    {
        ["views"] = FormattableString.Invariant($"{views.Count}"),
        ["cropPadding"] = FormattableString.Invariant($"{views.Augmentation.CropPadding}"),
        ["flip"] = views.Augmentation.Flip ? "true" : "false",
        ["seed"] = FormattableString.Invariant($"{seed}"),
    };

    /// <summary>Labels of all training images of <paramref name="dataset"/>: float32 [N, 10] on <paramref name="device"/>.</summary>
    /// <inheritdoc cref="Read(string, Aggregation, DatasetSpec, LabelViews, long, ReadOnlySpan{byte}, Device)"/>
    public static Tensor Read(string path, Aggregation aggregation, DatasetSpec dataset, Device device) =>
        Read(path, aggregation, dataset, null, 0, [], device);

    /// <summary>Reads the tensor of <paramref name="aggregation"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="aggregation">Votes or mean probabilities.</param>
    /// <param name="dataset">Whose training images.</param>
    /// <param name="views">The fixed views the training sees, or null for un-augmented images.</param>
    /// <param name="seed">Root seed; the views follow from it.</param>
    /// <param name="classes">True classes [N] that the file's own must equal, or empty when they are not known.</param>
    /// <param name="device">Where the labels go.</param>
    /// <returns>float32 [N, 10], or [V, N, 10] with views.</returns>
    /// <exception cref="RunInputException">Malformed, of other images, of the wrong size, misaligned, or rows that are not distributions.</exception>
    public static Tensor Read(string path, Aggregation aggregation, DatasetSpec dataset, LabelViews? views, long seed, ReadOnlySpan<byte> classes, Device device)
    {
        using var file = SafetensorsReader.Open(path);
        CheckMetadata(file, Metadata(dataset.Name, DataSplit.Train, dataset.TrainImages, draws: 0));
        if (views is not null) CheckMetadata(file, ViewMetadata(views, seed));
        var name = aggregation switch
        {
            Aggregation.Votes => Votes,
            Aggregation.MeanProbability => MeanProbability,
            _ => throw new ArgumentOutOfRangeException(nameof(aggregation), aggregation, "no labels of this aggregation"),
        };
        long[] expected = views is null ? [dataset.TrainImages, LabelledImages.Classes] : [views.Count, dataset.TrainImages, LabelledImages.Classes];
        if (file.Find(name) is { } entry && (entry.Type != ElementType.F32 || !entry.Shape.SequenceEqual(expected)))
            throw new RunInputException($"{path}: '{name}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected F32 [{string.Join(", ", expected)}]: one row a training image{(views is null ? "" : " and view")}");
        CheckAlignment(file, dataset.TrainImages, classes);
        var labels = file.Load(name);
        CheckRows(labels.bytes, name, path);
        return labels.to(device);
    }

    static void CheckMetadata(SafetensorsReader file, Dictionary<string, string> expected)
    {
        foreach (var (key, value) in expected)
        {
            if (key == "draws") continue;
            var got = file.Header.Metadata.GetValueOrDefault(key);
            if (!string.Equals(got, value, StringComparison.Ordinal))
                throw new RunInputException($"{file.Path}: these labels say {key} = {got ?? "nothing"}, but the training uses {value}: labels of other images would teach the wrong classes");
        }
    }

    static void CheckAlignment(SafetensorsReader file, int images, ReadOnlySpan<byte> classes)
    {
        if (classes.IsEmpty || file.Find(Classes) is not { } entry) return;
        if (entry.Type != ElementType.U8 || !entry.Shape.SequenceEqual([images]))
            throw new RunInputException($"{file.Path}: '{Classes}' is {entry.Type} [{string.Join(", ", entry.Shape)}], expected U8 [{images}]: the true class of each row's image");
        using var own = file.Load(Classes);
        var rows = own.bytes;
        for (var row = 0; row < rows.Length; row++)
            if (rows[row] != classes[row])
                throw new RunInputException($"{file.Path}: row {row} was made for an image of class {rows[row]}, but training image {row} has class {classes[row]}: the labels are in another order than the images; make them anew from this data set");
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
