using System.Globalization;
using System.Text;
using KdRobust.Cli.Commands;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Results;

/// <summary><c>kdr table FOLDER</c>: the tables of all specs in it, paper beside ours, from the results that are stored in the checkout.</summary>
static class FolderTables
{
    const int MostNamed = 6;

    /// <summary>True when a word names specs rather than an experiment of a service.</summary>
    public static bool IsMeant(string word) => Directory.Exists(word) || (word.EndsWith(".json", StringComparison.Ordinal) && File.Exists(word));

    /// <summary>Prints them.</summary>
    /// <param name="context">Where to, and which checkout.</param>
    /// <param name="path">Folder, or one spec.</param>
    /// <param name="only">Only tables of this id, or null.</param>
    /// <param name="format">text, md, csv or json.</param>
    /// <param name="results">Folder of results; null is the checkout's.</param>
    public static int Print(CommandContext context, string path, string? only, string format, string? results)
    {
        var folder = results ?? Path.Combine(context.Folders.Root, "results");
        var specs = SpecTables.Of(path, StoredResult.In(folder));
        var shown = specs.Select(s => only is null ? s : s.With(only)).Where(s => s.Tables.Count > 0).ToList();
        if (shown.Count == 0)
            throw new CommandFailedException(ExitCode.NotFound, only is null ? $"no spec in {path} asks for a table" : $"no spec in {path} has a table '{only}': there are {string.Join(", ", specs.SelectMany(s => s.Tables).Select(t => t.Id).Distinct(StringComparer.Ordinal))}");
        switch (format)
        {
            case "json": context.WriteJson(shown.Select(s => new { s.Spec.Name, s.File, s.Tables, s.Comparisons, s.Sources, s.Missing, s.Older, s.Command })); break;
            case "csv": context.Terminal.Out.Write(Csv(shown)); break;
            case "md": context.Terminal.Out.Write(string.Join('\n', shown.Select(s => Text(s, only is null, markdown: true)))); break;
            default: context.Terminal.Out.Write(string.Join('\n', shown.Select(s => Text(s, only is null, markdown: false)))); break;
        }
        return ExitCode.Done;
    }

    static string Text(SpecTables spec, bool comparisons, bool markdown)
    {
        var indent = markdown ? "" : "  ";
        var text = new StringBuilder(markdown ? $"## {spec.Spec.Name}: {spec.Spec.Title}\n\n" : $"{spec.Spec.Name}: {spec.Spec.Title}\n\n");
        foreach (var table in spec.Tables) text.Append(markdown ? TextTable.Markdown(table, spec.Synthetic) : TextTable.Plain(table, spec.Synthetic)).Append('\n');
        if (comparisons && spec.Comparisons.Count > 0)
            text.Append(markdown ? ComparisonText.Markdown(spec.Comparisons, spec.Synthetic) : ComparisonText.Plain(spec.Comparisons, spec.Synthetic)).Append('\n');
        if (spec.Sources.Count > 0) text.Append(indent).Append("from ").AppendJoin(", ", spec.Sources.Select(s => Path.GetRelativePath(Environment.CurrentDirectory, s))).Append('\n');
        if (spec.Older.Count > 0)
            text.Append(indent).Append("measured by another form of this spec than the file's: ")
                .Append(spec.Older.Count <= MostNamed ? string.Join(", ", spec.Older) : string.Create(CultureInfo.InvariantCulture, $"{spec.Older.Count} numbers (--format json names them)")).Append('\n');
        if (spec.Missing.Count > 0 || spec.Older.Count > 0)
            text.Append(indent).Append(spec.Missing.Count > 0 ? "what is missing is computed by: " : "to measure them anew: ").Append(markdown ? $"`{spec.Command}`" : spec.Command).Append('\n');
        return text.ToString();
    }

    static string Csv(IEnumerable<SpecTables> specs)
    {
        var text = new StringBuilder("experiment,table,row,column,result,paper,accuracy,lower95,upper95,overDraws,images,draws,older\r\n");
        foreach (var spec in specs)
            foreach (var table in spec.Tables)
                foreach (var row in table.Rows)
                    for (var c = 0; c < row.Cells.Count; c++)
                    {
                        var (cell, ours) = (row.Cells[c], row.Cells[c].Ours);
                        string?[] fields =
                        [
                            spec.Spec.Name, table.Id, string.Join(" / ", row.Labels), table.Columns[c], cell.ResultId, Number(cell.Paper), Number(ours?.Accuracy), Number(ours?.Shown.Lower), Number(ours?.Shown.Upper),
                            ours is null ? null : ours.OverDraws is null ? "false" : "true", Number(ours?.Images), Number(ours?.Draws), ours is null ? null : spec.Older.Contains(cell.ResultId) ? "true" : "false",
                        ];
                        text.AppendJoin(',', fields.Select(Field)).Append("\r\n");
                    }
        return text.ToString();
    }

    static string Field(string? value) =>
        value is null ? "" : value.AsSpan().IndexOfAny(",\"\r\n") < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string? Number(double? value) => value?.ToString("R", CultureInfo.InvariantCulture);
}
