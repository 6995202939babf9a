using System.Globalization;
using System.Text;

namespace KdRobust.Domain.Reports;

/// <summary>Tables for a terminal and for Markdown: one line a row, numbers as <c>paper | ours [95 %]</c>.</summary>
public static class TextTable
{
    /// <summary>Aligned columns for a terminal, with a title line and a line that says what the intervals are.</summary>
    public static string Plain(ReportTable table, bool synthetic)
    {
        var lines = Lines(table).ToList();
        var widths = Enumerable.Range(0, lines[0].Count).Select(c => lines.Max(l => l[c].Length)).ToList();
        var text = new StringBuilder().Append(Title(table, synthetic)).Append('\n');
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append("  ").Append(string.Join("   ", lines[i].Select((cell, c) => c < table.Labels.Count ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))).TrimEnd()).Append('\n');
            if (i == 0) text.Append("  ").Append(string.Join("   ", widths.Select(w => new string('-', w)))).Append('\n');
        }
        return text.Append("  ").Append(Footnote(table)).Append('\n').ToString();
    }

    /// <summary>A Markdown table.</summary>
    public static string Markdown(ReportTable table, bool synthetic)
    {
        var lines = Lines(table).ToList();
        var text = new StringBuilder().Append("**").Append(Title(table, synthetic)).Append("**\n\n");
        for (var i = 0; i < lines.Count; i++)
        {
            text.Append("| ").Append(string.Join(" | ", lines[i].Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))).Append(" |\n");
            if (i == 0) text.Append('|').Append(string.Concat(lines[0].Select((_, c) => c < table.Labels.Count ? " --- |" : " ---: |"))).Append('\n');
        }
        return text.Append('\n').Append(Footnote(table)).Append('\n').ToString();
    }

    static IEnumerable<IReadOnlyList<string>> Lines(ReportTable table)
    {
        yield return [.. table.Labels, .. table.Columns.SelectMany(c => new[] { $"{c}: paper", $"{c}: ours [95 %]" })];
        foreach (var row in table.Rows)
            yield return [.. row.Labels, .. row.Cells.SelectMany(c => new[] { Paper(c), Ours(c) })];
    }

    static string Title(ReportTable table, bool synthetic) => table.Title + (synthetic ? " (SYNTHETIC images, not CIFAR-10)" : "");

    /// <summary>The paper's number, or a dash.</summary>
    public static string Paper(ReportCell cell) => cell.Paper is { } paper ? paper.ToString("0.0#", CultureInfo.InvariantCulture) : "-";

    /// <summary>Our number with its interval, or a dash.</summary>
    public static string Ours(ReportCell cell) => cell.Ours is { } ours
        ? string.Create(CultureInfo.InvariantCulture, $"{ours.Accuracy:0.0#} [{ours.Lower:0.0}, {ours.Upper:0.0}]")
        : "-";

    /// <summary>n and M of the table's numbers.</summary>
    public static string Footnote(ReportTable table)
    {
        var ours = table.Rows.SelectMany(r => r.Cells).Select(c => c.Ours).OfType<ResultRecord>().ToList();
        if (ours.Count == 0) return "nothing measured yet";
        return string.Create(CultureInfo.InvariantCulture,
            $"n = {Span(ours.Select(o => o.Images))} images, M = {Span(ours.Select(o => o.Draws))} draws, seed {ours[0].Seed}; accuracy in %, 95 % Wilson intervals over images");
    }

    static string Span(IEnumerable<int> values)
    {
        var list = values.Distinct().Order().ToList();
        return string.Join(" or ", list.Select(v => v.ToString(CultureInfo.InvariantCulture)));
    }
}
