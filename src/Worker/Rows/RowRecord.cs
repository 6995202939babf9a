using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Worker.Rows;

/// <summary>What became of a row so far, over all visits.</summary>
/// <param name="Row">Its name.</param>
/// <param name="Spec">The spec it was made from.</param>
/// <param name="Device">What computed, e.g. the model of the GPU.</param>
/// <param name="Epochs">Epochs of its models; null for the spec's own.</param>
/// <param name="ImagesPerSecond">Measured when epochs were fitted to a time; null otherwise.</param>
/// <param name="EstimatedMinutes">Of the order.</param>
/// <param name="Minutes">Spent, of every visit.</param>
/// <param name="Continued">Trainings that went on from float32 weights and bfloat16 moments, and so are not equal to the bit to one that was not interrupted: fingerprint and visit.</param>
/// <param name="Complete">Whether every job of the row has a result.</param>
/// <param name="Jobs">Key, fingerprint and end of each job of the row.</param>
/// <param name="Report">What the spec's report can say so far.</param>
sealed record RowRecord(
    string Row, string Spec, string Device, int? Epochs, double? ImagesPerSecond, double EstimatedMinutes, IReadOnlyList<double> Minutes,
    IReadOnlyList<string> Continued, bool Complete, IReadOnlyList<RowJob> Jobs, ExperimentReport? Report)
{
    /// <summary>The record in a folder, or null.</summary>
    internal static RowRecord? Read(string folder, string row)
    {
        var path = PathOf(folder, row);
        return File.Exists(path) ? JsonSerializer.Deserialize<RowRecord>(File.ReadAllText(path), SpecJson.Options) : null;
    }

    /// <summary>Writes it, whole or not at all.</summary>
    internal void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = PathOf(folder, Row);
        File.WriteAllText(path + ".new", JsonSerializer.Serialize(this, SpecJson.Indented));
        File.Move(path + ".new", path, overwrite: true);
    }

    static string PathOf(string folder, string row) => Path.Combine(folder, $"0-row-{row}.json");
}

/// <summary>A job of a row.</summary>
/// <param name="Key">Its key in the plan.</param>
/// <param name="Fingerprint">What its files are named by.</param>
/// <param name="End">How it ended; null when it was not reached.</param>
/// <param name="Failure">Why it failed or was skipped.</param>
sealed record RowJob(string Key, string Fingerprint, string? End, string? Failure);
