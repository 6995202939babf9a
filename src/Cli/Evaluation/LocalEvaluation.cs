using System.Text.Json;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Evaluation;

/// <summary>Evaluates a file of weights in one-off processes: one looks into the file, one computes the spec made of it.</summary>
sealed class LocalEvaluation(CommandContext context, string? dataFolder)
{
    static readonly JsonSerializerOptions Lenient = new(SpecJson.Options) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip };

    /// <summary>What a file is, and the rules by which its names become the network's: the given ones, else proposed ones.</summary>
    /// <returns>The weights of the spec, and where in the file they are.</returns>
    public async Task<(ImportSpec Weights, string Source)> Describe(string file, ArchitectureSpec architecture, IReadOnlyList<RenameSpec> rename, IReadOnlyList<string> skip, CancellationToken ct)
    {
        var network = JsonSerializer.Serialize(new NetworkShape(architecture, new NoNoiseSpec()), SpecJson.Options);
        var text = await WorkerProcess.Read(context.Folders, ["inspect", file, "--network", network], $"reading {file}", ct);
        var found = JsonSerializer.Deserialize<Inspection>(text, Lenient)!;
        return (new ImportSpec { Sha256 = found.Sha256, Rename = rename.Count > 0 ? rename : found.Rename, Skip = skip }, found.Source);
    }

    /// <summary>Computes the spec; what was computed before is taken from where runs are kept.</summary>
    /// <returns>Its results by id.</returns>
    public async Task<IReadOnlyDictionary<string, ResultRecord>> Compute(ExperimentSpec spec, string file, CancellationToken ct)
    {
        var aside = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(aside, JsonSerializer.Serialize(spec, SpecJson.Indented), ct);
            string[] options = ["--out", Path.Combine(context.Folders.State, "runs"), "--model", file, "--json", .. dataFolder is null ? Array.Empty<string>() : ["--data", dataFolder]];
            var report = await WorkerProcess.Read(context.Folders, ["run", aside, .. options], "the evaluation", ct);
            return JsonSerializer.Deserialize<ExperimentReport>(report, Lenient)!.Records.ToDictionary(record => record.Id, StringComparer.Ordinal);
        }
        finally
        {
            File.Delete(aside);
        }
    }

    // What is needed of the worker's description of a file.
    sealed record Inspection(string Sha256, string Source, IReadOnlyList<RenameSpec> Rename);
}
