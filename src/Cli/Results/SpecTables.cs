using KdRobust.Cli.Specs;
using KdRobust.Cli.Sweeps;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Results;

/// <summary>A spec's tables filled from stored results, without a service.</summary>
/// <param name="File">The spec's file, as the caller named its folder.</param>
/// <param name="Spec">The spec.</param>
/// <param name="Tables">Its tables; a cell without a stored result is empty.</param>
/// <param name="Comparisons">Its comparisons; without an outcome where none is stored.</param>
/// <param name="Sources">The result files that were used.</param>
/// <param name="Missing">Results of the tables that no file has.</param>
/// <param name="Older">Results whose number was measured by another form of the spec: their job's fingerprint is not the plan's.</param>
sealed record SpecTables(
    string File, ExperimentSpec Spec, IReadOnlyList<ReportTable> Tables, IReadOnlyList<ReportComparison> Comparisons,
    IReadOnlyList<string> Sources, IReadOnlyList<string> Missing, IReadOnlyList<string> Older)
{
    /// <summary>True when the images are procedural.</summary>
    public bool Synthetic => Spec.Dataset.Name == DatasetName.Synthetic;

    /// <summary>One of its tables, and what is to say of that one alone; none when it has no such table.</summary>
    public SpecTables With(string table)
    {
        var tables = Tables.Where(t => t.Id == table).ToList();
        var cells = tables.SelectMany(t => t.Rows).SelectMany(r => r.Cells).Select(c => c.ResultId).ToHashSet(StringComparer.Ordinal);
        return this with { Tables = tables, Missing = [.. Missing.Where(cells.Contains)], Older = [.. Older.Where(cells.Contains)] };
    }

    /// <summary>What computes the missing numbers and stores them where they are found.</summary>
    public string Command => $"mkdir -p {Path.GetDirectoryName($"results/{Spec.Name}")} && ./kdr run {File} --json > results/{Spec.Name}.json";

    /// <summary>The specs of a folder and below, in order of their paths, or the one of a file.</summary>
    /// <exception cref="CommandFailedException">There is none, or one has problems.</exception>
    public static IReadOnlyList<SpecTables> Of(string path, IReadOnlyList<StoredResult> stored)
    {
        var files = System.IO.File.Exists(path) ? [path]
            : Directory.EnumerateFiles(path, "*.json", SearchOption.AllDirectories).Where(f => !f.EndsWith(".schema.json", StringComparison.Ordinal) && !SweepFile.IsOne(f)).Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0) throw new CommandFailedException(ExitCode.NotFound, $"{path} holds no spec: expected files that end in .json");
        return [.. files.Select(file => Of(file, SpecFile.Read(file, []).Spec, stored))];
    }

    static SpecTables Of(string file, ExperimentSpec spec, IReadOnlyList<StoredResult> stored)
    {
        var plan = ExperimentPlan.Of(spec);
        // The very spec first: a result that merely has its name was measured by another form of it.
        var candidates = stored.Where(s => s.Fingerprint == plan.Fingerprint).Concat(stored.Where(s => s.Fingerprint != plan.Fingerprint && s.Name == spec.Name)).ToList();
        bool IsCurrent(ResultRecord record) => record.Fingerprint == plan.Job(plan.Results[record.Id].Job).Fingerprint;
        var found = new Dictionary<string, (ResultRecord Record, StoredResult Source)>(StringComparer.Ordinal);
        foreach (var id in spec.ResultIds())
        {
            var known = candidates.Where(c => c.Records.ContainsKey(id)).Select(c => (Record: c.Records[id], Source: c)).ToList();
            if (known.Count > 0) found[id] = known.FirstOrDefault(k => IsCurrent(k.Record)) is { Record: not null } current ? current : known[0];
        }
        var asked = spec.Tables.SelectMany(t => t.Rows).SelectMany(r => r.Cells).Select(c => c.Result).Distinct(StringComparer.Ordinal).ToList();
        return new(
            file, spec, [.. spec.Tables.Select(t => ReportTable.Of(t, found.ToDictionary(f => f.Key, f => f.Value.Record, StringComparer.Ordinal)))],
            [.. spec.Comparisons.Select(c => new ReportComparison(c.Id, c.Title, c.First, c.Second, c.Test, Outcome(c, found)))],
            [.. asked.Where(found.ContainsKey).Select(id => found[id].Source.File).Distinct(StringComparer.Ordinal)],
            [.. asked.Where(id => !found.ContainsKey(id))],
            [.. asked.Where(id => found.TryGetValue(id, out var f) && !IsCurrent(f.Record))]);
    }

    // Comparisons need every image's answer, which only the report that counted them had: theirs is taken when both of its numbers are shown.
    static ComparisonOutcome? Outcome(ComparisonSpec comparison, Dictionary<string, (ResultRecord Record, StoredResult Source)> found)
    {
        if (!found.TryGetValue(comparison.First, out var first) || !found.TryGetValue(comparison.Second, out var second) || first.Source != second.Source) return null;
        return first.Source.Comparisons.FirstOrDefault(c => (c.First, c.Second) == (comparison.First, comparison.Second) && c.Test == comparison.Test)?.Outcome;
    }
}
