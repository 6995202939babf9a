using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>
/// What a local job keeps on disk, under its fingerprint: outputs, the newest resume point, metrics and, last, the result.
/// Every file appears whole, by renaming, so that a kill leaves the older one.
/// </summary>
internal sealed class JobFolder
{
    readonly string _folder;
    readonly SortedDictionary<long, MetricPoint> _metrics = [];

    public JobFolder(string root, string fingerprint)
    {
        _folder = Path.Combine(root, fingerprint);
        Directory.CreateDirectory(_folder);
        if (Read<List<MetricPoint>>(MetricsFile) is { } points) Keep(points);
    }

    string ResultFile => Path.Combine(_folder, "result.json");
    string MetricsFile => Path.Combine(_folder, "metrics.json");
    string ResumeFile => Path.Combine(_folder, "resume.safetensors");

    /// <summary>The result of a finished job, or null.</summary>
    public JobResult? Result => Read<JobResult>(ResultFile);

    /// <summary>All points kept so far, in order.</summary>
    public IReadOnlyList<MetricPoint> Metrics => [.. _metrics.Values];

    /// <summary>The resume point, or null.</summary>
    public string? Resume => File.Exists(ResumeFile) ? ResumeFile : null;

    /// <summary>The file of an output, whether it is there or not.</summary>
    public string Output(string name) => Path.Combine(_folder, $"{name}.safetensors");

    /// <summary>Keeps points; the same ordinal again is the same point.</summary>
    public void Keep(IEnumerable<MetricPoint> points)
    {
        foreach (var point in points) _metrics[point.Ordinal] = point;
    }

    /// <summary>Keeps a checkpoint, and before it the metrics it covers.</summary>
    public void Keep(CheckpointTaken checkpoint)
    {
        WriteMetrics();
        Replace(checkpoint.Role == CheckpointRole.Resume ? ResumeFile : Output(checkpoint.Name), stream =>
        {
            checkpoint.WriteTo(stream);
            if (stream.Length != checkpoint.Bytes)
                throw new InvalidOperationException($"checkpoint '{checkpoint.Name}' announced {checkpoint.Bytes} bytes and wrote {stream.Length}");
        });
    }

    /// <summary>Keeps the result; the resume point is no longer needed.</summary>
    public void Keep(JobResult result)
    {
        WriteMetrics();
        Replace(ResultFile, stream => JsonSerializer.Serialize(stream, result, SpecJson.Indented));
        File.Delete(ResumeFile);
    }

    void WriteMetrics() => Replace(MetricsFile, stream => JsonSerializer.Serialize(stream, _metrics.Values, SpecJson.Options));

    static void Replace(string path, Action<Stream> write)
    {
        var draft = path + ".new";
        using (var stream = File.Create(draft)) write(stream);
        File.Move(draft, path, overwrite: true);
    }

    static T? Read<T>(string path)
        where T : class
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var stream = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(stream, SpecJson.Options);
        }
        catch (JsonException e)
        {
            throw new RunInputException($"{path}: cannot be read ({e.Message}): delete its folder to compute the job anew", e);
        }
    }
}
