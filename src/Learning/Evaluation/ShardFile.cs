using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Learning.Smoothing;
using KdRobust.Learning.Weights;
using static TorchSharp.torch;

namespace KdRobust.Learning.Evaluation;

/// <summary>
/// The output of a shard (<see cref="OutputNames.Part"/>): its result as text, its rows of the labels, and of the images that
/// depend on which draws are drawn the sums that are resampled. What all draws agree on takes one number.
/// </summary>
internal sealed class ShardFile : IDisposable
{
    const string ResultKey = "result", RangeKey = "range";
    readonly SafetensorsReader _file;

    ShardFile(SafetensorsReader file, ImageRange range, JobResult result) => (_file, Range, Result) = (file, range, result);

    /// <summary>Its images.</summary>
    public ImageRange Range { get; }

    /// <summary>What it found.</summary>
    public JobResult Result { get; }

    /// <summary>The event that stores a shard.</summary>
    /// <param name="range">Its images.</param>
    /// <param name="result">What it found.</param>
    /// <param name="counts">Of each view that was asked, in the order of results.</param>
    /// <param name="labels">Its rows of the labels; empty without.</param>
    public static CheckpointTaken Taken(ImageRange range, JobResult result, IReadOnlyList<ShardCount> counts, IReadOnlyDictionary<string, Tensor> labels)
    {
        var tensors = new Dictionary<string, Tensor>(labels, StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [RangeKey] = range.ToString(), [ResultKey] = JsonSerializer.Serialize(result, SpecJson.Options) };
        for (var view = 0; view < counts.Count; view++)
            for (var place = 0; place < counts[view].Resampled.Count; place++)
            {
                var images = counts[view].Resampled[place];
                metadata.Add(Name(view, place, "right"), images.AlwaysRight.ToString(CultureInfo.InvariantCulture));
                tensors.Add(Name(view, place, "open"), images.Open);
                tensors.Add(Name(view, place, "labels"), images.Labels);
            }
        var file = new SafetensorsWriter(tensors, metadata);
        return new CheckpointTaken(CheckpointRole.Output, OutputNames.Part, 0, 0, file.Length, file.WriteTo);
    }

    /// <summary>Opens the part of a range.</summary>
    /// <exception cref="RunInputException">The file is no shard's, or of other images.</exception>
    public static ShardFile Open(string path, ImageRange range)
    {
        var file = SafetensorsReader.Open(path);
        try
        {
            var images = file.Header.Metadata.GetValueOrDefault(RangeKey);
            return images == range.ToString() && file.Header.Metadata.TryGetValue(ResultKey, out var result)
                ? new(file, range, JsonSerializer.Deserialize<JobResult>(result, SpecJson.Options)!)
                : throw new RunInputException($"{path}: holds images {images ?? "of no shard"}, expected the shard of images {range}");
        }
        catch (Exception error)
        {
            file.Dispose();
            throw error is JsonException ? new RunInputException($"{path}: the result of images {range} cannot be read: {error.Message}", error) : error;
        }
    }

    /// <summary>What is resampled of an aggregation's answers of a view; null where no interval is told. The caller's.</summary>
    public ResampledImages? Resampled(int view, int place, Device device)
    {
        if (!_file.Header.Metadata.TryGetValue(Name(view, place, "right"), out var right)) return null;
        using var scope = NewDisposeScope();
        return new(
            Range.Count, long.Parse(right, CultureInfo.InvariantCulture),
            _file.Load(Name(view, place, "open")).to(device).DetachFromDisposeScope(), _file.Load(Name(view, place, "labels")).to(device).DetachFromDisposeScope());
    }

    /// <summary>Its rows of a tensor of the labels, in host memory.</summary>
    public Tensor Labels(string name) => _file.Load(name);

    static string Name(int view, int place, string what) => FormattableString.Invariant($"{view}/{place}/{what}");

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
