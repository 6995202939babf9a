using System.Globalization;
using System.Text;

namespace KdRobust.Domain.Reports;

/// <summary>Tables for a terminal and for Markdown: one line a row, numbers as <c>paper | ours [95 %]</c>.</summary>
public static class TextTable
{
    /// <summary>What follows a number whose interval is over images and draws together.</summary>
    public const string OverDrawsMark = "*";

    /// <summary>Aligned columns for a terminal, with a title line and a line that says what the intervals are.</summary>
    public static string Plain(ReportTable table, bool synthetic) =>
        $"{Title(table, synthetic)}\n{TextGrid.Plain(Lines(table), table.Labels.Count)}  {Footnote(table)}\n";

    /// <summary>A Markdown table.</summary>
    public static string Markdown(ReportTable table, bool synthetic) =>
        $"**{Title(table, synthetic)}**\n\n{TextGrid.Markdown(Lines(table), table.Labels.Count)}\n{Footnote(table)}\n";

    static List<IReadOnlyList<string>> Lines(ReportTable table) =>
    [
        [.. table.Labels, .. table.Columns.SelectMany(c => new[] { $"{c}: paper", $"{c}: ours [95 %]" })],
        .. table.Rows.Select(row => (IReadOnlyList<string>)[.. row.Labels, .. row.Cells.SelectMany(c => new[] { Paper(c), Ours(c) })]),
    ];

    static string Title(ReportTable table, bool synthetic) => table.Title + (synthetic ? " (SYNTHETIC images, not CIFAR-10)" : "");

    /// <summary>The paper's number, or a dash.</summary>
    public static string Paper(ReportCell cell) => cell.Paper is { } paper ? paper.ToString("0.0#", CultureInfo.InvariantCulture) : "-";

    /// <summary>Our number with its interval, or a dash.</summary>
    public static string Ours(ReportCell cell) => cell.Ours is { } ours
        ? string.Create(CultureInfo.InvariantCulture, $"{ours.Accuracy:0.0#} [{ours.Shown.Lower:0.0}, {ours.Shown.Upper:0.0}]{(ours.OverDraws is null ? "" : OverDrawsMark)}")
        : "-";

    /// <summary>n, M and seeds of the table's numbers, and which interval is which.</summary>
    public static string Footnote(ReportTable table)
    {
        var ours = table.Rows.SelectMany(r => r.Cells).Select(c => c.Ours).OfType<ResultRecord>().ToList();
        if (ours.Count == 0) return "nothing measured yet";
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"n = {Span(ours.Select(o => (long)o.Images))} images, M = {Span(ours.Select(o => (long)o.Draws))} draws");
        if (ours.Where(o => o.MeanDraws < o.Draws).Select(o => o.MeanDraws).ToList() is { Count: > 0 } fewer)
            text.Append(CultureInfo.InvariantCulture, $" ({fewer.Min():0.#}{(fewer.Max() - fewer.Min() >= 0.05 ? string.Create(CultureInfo.InvariantCulture, $" to {fewer.Max():0.#}") : "")} asked on average where fewer were enough)");
        text.Append(CultureInfo.InvariantCulture, $", seed {Span(ours.Select(o => o.Seed))}; accuracy in %; 95 % intervals: ");
        var (over, groups) = (ours.Count(o => o.OverDraws is not null), ours.Select(o => o.OverDraws?.Groups ?? 0).Max());
        if (over == 0) return text.Append("Wilson's, over images").ToString();
        text.Append(CultureInfo.InvariantCulture, $"those marked {OverDrawsMark} over images and draws together (two-level bootstrap of images and up to {groups} groups of draws)");
        return over == ours.Count ? text.ToString() : text.Append(", the others Wilson's, over images").ToString();
    }

    static string Span(IEnumerable<long> values) => string.Join(" or ", values.Distinct().Order().Select(v => v.ToString(CultureInfo.InvariantCulture)));
}
