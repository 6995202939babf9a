using System.Text.Json;
using System.Text.RegularExpressions;
using KdRobust.Domain.Experiments;

namespace KdRobust.Worker.Rows;

/// <summary>Rows of the paper's tables in the order in which a machine that is lent for a short while computes them.</summary>
sealed partial record RowOrder
{
    /// <summary>What the estimated minutes rest on.</summary>
    public required string Assumption { get; init; }

    /// <summary>The rows, the most wanted first.</summary>
    public required IReadOnlyList<OrderedRow> Rows { get; init; }

    /// <summary>Reads an order and everything it names.</summary>
    /// <param name="file">Specs are named relative to its folder.</param>
    /// <exception cref="UsageException">Something is wrong with it: all problems are in the message.</exception>
    internal static (RowOrder Order, IReadOnlyDictionary<string, ExperimentSpec> Specs) Read(string file)
    {
        RowOrder order;
        try
        {
            order = JsonSerializer.Deserialize<RowOrder>(File.ReadAllText(file), SpecJson.Options) ?? throw new JsonException("it is null");
        }
        catch (JsonException error)
        {
            throw new UsageException($"{file} is no order of rows: {error.Message}", optionsHelp: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {error.Message}", optionsHelp: false);
        }
        var specs = new Dictionary<string, ExperimentSpec>(StringComparer.Ordinal);
        var problems = order.Problems(Path.GetDirectoryName(Path.GetFullPath(file))!, specs).ToList();
        return problems.Count == 0 ? (order, specs) : throw new UsageException($"{file} has {problems.Count} problem(s):\n  {string.Join("\n  ", problems)}", optionsHelp: false);
    }

    IEnumerable<string> Problems(string folder, Dictionary<string, ExperimentSpec> specs)
    {
        if (Rows.Count == 0) yield return "rows: there is none";
        foreach (var twice in Rows.GroupBy(row => row.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            yield return $"rows: the name '{twice.Key}' is given {twice.Count()} times; expected different names";
        for (var i = 0; i < Rows.Count; i++)
            foreach (var problem in Problems(Rows[i], folder, specs).Concat(AfterProblems(i)))
                yield return $"rows[{i}] '{Rows[i].Name}': {problem}";
    }

    /// <summary>The row that a row builds on, or null.</summary>
    internal OrderedRow? Before(OrderedRow row) => row.After is { } name ? Rows.First(other => other.Name == name) : null;

    IEnumerable<string> AfterProblems(int index)
    {
        var row = Rows[index];
        if (row.After is not { } name) yield break;
        if (Rows.Take(index).FirstOrDefault(other => other.Name == name) is not { } before)
            yield return $"after: '{name}' is no row before this one";
        else if (before.Spec != row.Spec || before.Precision != row.Precision)
            yield return $"after: '{name}' has spec '{before.Spec}' in {before.Precision}, this row '{row.Spec}' in {row.Precision}: a row builds on results of its own spec and precision";
        else if (before.Models.Intersect(row.Models, StringComparer.Ordinal).Any() && row is not { Epochs: null, FitMinutes: null, LookEvery: null })
            yield return $"after: '{name}' trains {string.Join(", ", before.Models.Intersect(row.Models, StringComparer.Ordinal))} already; expected neither epochs nor fitMinutes nor lookEvery here";
    }

    static IEnumerable<string> Problems(OrderedRow row, string folder, Dictionary<string, ExperimentSpec> specs)
    {
        if (!Name().IsMatch(row.Name)) yield return $"name '{row.Name}': expected 1 to 60 lower-case letters, digits and '-'";
        if (string.IsNullOrWhiteSpace(row.Basis)) yield return "basis is empty: say what the minutes rest on";
        if (!(row.Minutes is > 0 and <= 10_000)) yield return $"minutes {row.Minutes}: expected above 0, at most 10000";
        if (row.Epochs is { } epochs and (< 1 or > 100_000)) yield return $"epochs {epochs}: expected 1 to 100000, or null for the spec's";
        if (row.FitMinutes is { } fit && !(fit is > 0 and <= 10_000)) yield return $"fitMinutes {fit}: expected above 0, at most 10000, or null";
        if (row is { Epochs: not null, FitMinutes: not null }) yield return "epochs and fitMinutes are both given: expected one of them, or neither";
        if (row.LookEvery is < 1) yield return $"lookEvery {row.LookEvery}: expected 1 or more epochs, or null for the spec's";
        if (row.Draws is < 1 or > 1_000_000) yield return $"draws {row.Draws}: expected 1 to 1000000, or null for the spec's";
        if (row.Models.Count == 0) yield return "models: there is none; name those of the spec that this row trains";
        if (!specs.TryGetValue(row.Spec, out var spec))
        {
            var path = Path.Combine(folder, row.Spec);
            if (!File.Exists(path))
            {
                yield return $"spec '{row.Spec}': there is no file {path}";
                yield break;
            }
            var reading = SpecReader.Read(File.ReadAllText(path));
            foreach (var problem in reading.Problems) yield return $"spec '{row.Spec}': {problem}";
            if (!reading.IsValid) yield break;
            specs.Add(row.Spec, spec = reading.Spec!);
        }
        foreach (var model in row.Models)
        {
            if (!spec.Models.TryGetValue(model, out var known) || known.Weights is not TrainingSpec training)
                yield return $"models: '{row.Spec}' trains no model '{model}'; it has {string.Join(", ", spec.Models.Keys)}";
            else if (row.FitMinutes is not null && training.Distillation is not null)
                yield return $"fitMinutes: '{model}' distils, so its speed cannot be measured before its labels are there; give epochs";
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,59}$")]
    private static partial Regex Name();
}

/// <summary>One row: the models of a spec that are trained together, and all that asks these models only.</summary>
sealed record OrderedRow
{
    public required string Name { get; init; }

    /// <summary>The spec's file, relative to the order's folder.</summary>
    public required string Spec { get; init; }

    /// <summary>Names of its models.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>An earlier row of the same spec whose results this one builds on (its teacher's labels); null when there is none.</summary>
    public required string? After { get; init; }

    /// <summary>Epochs instead of the spec's, with the schedule scaled; null for the spec's own.</summary>
    public required int? Epochs { get; init; }

    /// <summary>As many epochs as are measured to fit into these minutes, at most the spec's; null measures nothing.</summary>
    public required double? FitMinutes { get; init; }

    /// <summary>Monitor and selection look every n-th epoch instead of the spec's; null for the spec's own.</summary>
    public required int? LookEvery { get; init; }

    /// <summary>M of views that draw more often than that; null for the spec's own.</summary>
    public required int? Draws { get; init; }

    public required Precision Precision { get; init; }

    /// <summary>Whether the row is of use only when one visit computes all of it, as its weights are too large to carry.</summary>
    public required bool Whole { get; init; }

    /// <summary>Estimated minutes.</summary>
    public required double Minutes { get; init; }

    /// <summary>What the estimate rests on.</summary>
    public required string Basis { get; init; }
}
