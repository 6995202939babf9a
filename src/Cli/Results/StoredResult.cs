using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Results;

/// <summary>What a result file holds: the numbers that <c>kdr run --json</c>, <c>kdr report --format json</c> or <c>kdr demo --json</c> printed.</summary>
/// <param name="File">The file.</param>
/// <param name="Name">The experiment's name; of a file that does not say it, its path below the folder of results, less the ending.</param>
/// <param name="Fingerprint">Of the whole spec; null where the file does not say it.</param>
/// <param name="Records">The numbers by result id.</param>
/// <param name="Comparisons">The comparisons.</param>
sealed record StoredResult(string File, string Name, string? Fingerprint, IReadOnlyDictionary<string, ResultRecord> Records, IReadOnlyList<ReportComparison> Comparisons)
{
    /// <summary>Every result below a folder; other JSON is passed over.</summary>
    /// <exception cref="CommandFailedException">A file is no JSON, or a result that is not understood.</exception>
    public static IReadOnlyList<StoredResult> In(string folder) =>
        Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(file => Read(folder, file)).OfType<StoredResult>()]
            : [];

    static StoredResult? Read(string folder, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllText(file));
            // Measurements of time and memory lie there too.
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("records", out _)) return null;
            var content = document.Deserialize<Content>(ServiceJson.Options)!;
            return new(
                file, content.Name ?? Path.ChangeExtension(Path.GetRelativePath(folder, file), null).Replace('\\', '/'), content.Fingerprint,
                content.Records.ToDictionary(r => r.Id, r => r.Whole(), StringComparer.Ordinal), content.Comparisons ?? []);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandFailedException(ExitCode.Failed, $"{file} is no result that this version understands: {error.Message}. Make it again with ./kdr run SPEC --json, or move it out of {folder}", error);
        }
    }

    sealed record Content(IReadOnlyList<Counts> Records, string? Name = null, string? Fingerprint = null, IReadOnlyList<ReportComparison>? Comparisons = null);

    /// <summary>A record's counts; what follows from them is computed anew, so that files of earlier versions serve as well.</summary>
    sealed record Counts(
        string Id, int Images, int Correct, int Draws, Aggregation Aggregation, long Seed, double Seconds, string Job, string Fingerprint, RunProvenance Provenance,
        DrawInterval? OverDraws = null, double? MeanDraws = null)
    {
        public ResultRecord Whole() => ResultRecord.Of(Id, Images, Correct, OverDraws, Draws, MeanDraws ?? Draws, Aggregation, Seed, Seconds, Job, Fingerprint, Provenance);
    }
}
