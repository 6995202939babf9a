using System.Globalization;
using System.Text;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Reports;

namespace KdRobust.Domain.Sweeps;

/// <summary>A point's line of the table.</summary>
/// <param name="Point">Its place in the sweep.</param>
/// <param name="Values">A value for each axis.</param>
/// <param name="Epochs">Epochs of the last rung it reached; null without halving.</param>
/// <param name="Score">By what it was compared at that rung; null while that is not known, and without halving.</param>
/// <param name="State">What its experiment's jobs say together.</param>
/// <param name="Experiment">Its experiment.</param>
/// <param name="Results">One entry a column; null while it is not measured.</param>
public sealed record SweepTableRow(
    int Point, IReadOnlyList<JsonElement> Values, int? Epochs, double? Score, string State, Guid Experiment, IReadOnlyList<ResultRecord?> Results);

/// <summary>Parameters beside results, the best point first. A cell that is not measured yet is marked, never left out.</summary>
public sealed record SweepTable
{
    const string Missing = "-";

    public required Guid Sweep { get; init; }
    public required string Name { get; init; }
    public required string Title { get; init; }
    /// <summary>True when the images are procedural, which every table must say.</summary>
    public required bool Synthetic { get; init; }
    /// <summary>Names of the axes.</summary>
    public required IReadOnlyList<string> Axes { get; init; }
    /// <summary>Result ids of the columns.</summary>
    public required IReadOnlyList<string> Columns { get; init; }
    /// <summary>The column, or <c>score</c>, the rows are ordered by; null leaves them in the order of the sweep.</summary>
    public required string? SortedBy { get; init; }
    public required IReadOnlyList<SweepTableRow> Rows { get; init; }

    /// <summary>Builds the table.</summary>
    /// <param name="sweep">The sweep's id.</param>
    /// <param name="spec">Its spec.</param>
    /// <param name="rows">Its rows, with results in the order of the base's result ids.</param>
    /// <param name="sort">A result id, or null for the score of a halving and else the base's first result.</param>
    /// <exception cref="ArgumentException">There is no such column; the message names those there are.</exception>
    public static SweepTable Of(Guid sweep, SweepSpec spec, IReadOnlyList<SweepTableRow> rows, string? sort)
    {
        var columns = spec.Base.ResultIds().ToList();
        if (sort is not null && sort != ScoreColumn && !columns.Contains(sort))
            throw new ArgumentException($"there is no column '{sort}': there are {string.Join(", ", columns)}{(spec.Halving is null ? "" : $" and {ScoreColumn}")}", nameof(sort));
        sort ??= spec.Halving is not null ? ScoreColumn : columns.FirstOrDefault();
        var column = columns.IndexOf(sort ?? "");
        var minimize = sort == ScoreColumn && spec.Halving?.Goal == ScoreGoal.Minimize;
        double? Key(SweepTableRow row) => sort == ScoreColumn ? row.Score * (minimize ? -1 : 1) : column >= 0 ? row.Results[column]?.Accuracy : null;
        return new()
        {
            Sweep = sweep, Name = spec.Name, Title = spec.Title, Synthetic = spec.Base.Dataset.Name == DatasetName.Synthetic,
            Axes = [.. spec.Space.AllAxes().Select(axis => axis.Name)], Columns = columns, SortedBy = sort,
            // Who came further was better; numbers of different epochs are not compared.
            Rows = [.. rows.OrderByDescending(row => row.Epochs ?? 0).ThenByDescending(row => Key(row) is not null).ThenByDescending(Key).ThenBy(row => row.Point)],
        };
    }

    /// <summary>The column of what a halving compares by.</summary>
    public const string ScoreColumn = "score";

    bool Halved => Rows.Any(row => row.Epochs is not null);

    /// <summary>Aligned columns for a terminal, with a title line and a footnote.</summary>
    public string Plain() => $"{Heading()}\n{TextGrid.Plain(Lines(), 1 + Axes.Count)}  {Footnote()}\n";

    /// <summary>A Markdown table.</summary>
    public string Markdown() => $"**{Heading()}**\n\n{TextGrid.Markdown(Lines(), 1 + Axes.Count)}\n{Footnote()}\n";

    /// <summary>One point a line, every number with its interval, n and draws; RFC 4180.</summary>
    public string Csv()
    {
        var text = new StringBuilder();
        IEnumerable<string> heading =
        [
            "point", .. Axes, .. Halved ? ["epochs", ScoreColumn] : Array.Empty<string>(), "state", "experiment",
            .. Columns.SelectMany(column => new[] { column, $"{column} lower95", $"{column} upper95", $"{column} images", $"{column} draws" }),
        ];
        text.AppendJoin(',', heading.Select(Field)).Append("\r\n");
        foreach (var row in Rows)
        {
            IEnumerable<string?> fields =
            [
                Number(row.Point), .. row.Values.Select(SweepPlan.ValueText), .. Halved ? [Number(row.Epochs), Number(row.Score)] : Array.Empty<string?>(), row.State, row.Experiment.ToString(),
                .. row.Results.SelectMany(r => new[] { Number(r?.Accuracy), Number(r?.Shown.Lower), Number(r?.Shown.Upper), Number(r?.Images), Number(r?.Draws) }),
            ];
            text.AppendJoin(',', fields.Select(Field)).Append("\r\n");
        }
        return text.ToString();
    }

    string Heading() => $"{Name}: {Title}{(Synthetic ? " (SYNTHETIC images, not CIFAR-10)" : "")}";

    string Footnote()
    {
        var known = Rows.SelectMany(row => row.Results).OfType<ResultRecord>().ToList();
        var missing = Rows.Sum(row => row.Results.Count(result => result is null));
        var order = SortedBy is null ? "in the order of the sweep" : $"best {SortedBy} first";
        return (known.Count == 0 ? $"nothing measured yet, {order}"
                : string.Create(CultureInfo.InvariantCulture, $"{order}; accuracy in % [95 % interval], n = {string.Join(" or ", known.Select(r => r.Images).Distinct().Order())} images"))
            + (missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {missing} cell(s) marked {Missing} are not measured") : "");
    }

    List<IReadOnlyList<string>> Lines() =>
    [
        ["Point", .. Axes, .. Halved ? ["Epochs", "Score"] : Array.Empty<string>(), .. Columns, "State"],
        .. Rows.Select(row => (IReadOnlyList<string>)
        [
            Number(row.Point)!, .. row.Values.Select(SweepPlan.ValueText), .. Halved ? [Number(row.Epochs) ?? Missing, row.Score?.ToString("0.####", CultureInfo.InvariantCulture) ?? Missing] : Array.Empty<string>(),
            .. row.Results.Select(r => r is null ? Missing : string.Create(CultureInfo.InvariantCulture, $"{r.Accuracy:0.0#} [{r.Shown.Lower:0.0}, {r.Shown.Upper:0.0}]")), row.State,
        ]),
    ];

    static string Field(string? value) =>
        value is null ? "" : value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string? Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);
}
