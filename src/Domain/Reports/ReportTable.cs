namespace KdRobust.Domain.Reports;

/// <summary>A cell: the paper's number, ours, either missing.</summary>
public sealed record ReportCell(string ResultId, double? Paper, ResultRecord? Ours);

/// <summary>A row of a table.</summary>
public sealed record ReportRow(IReadOnlyList<string> Labels, IReadOnlyList<ReportCell> Cells);

/// <summary>A table, paper beside ours.</summary>
public sealed record ReportTable(string Id, string Title, IReadOnlyList<string> Labels, IReadOnlyList<string> Columns, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>A spec's table, filled with what is known.</summary>
    /// <param name="table">The spec's.</param>
    /// <param name="records">Result id to number.</param>
    public static ReportTable Of(Experiments.TableSpec table, IReadOnlyDictionary<string, ResultRecord> records) => new(
        table.Id, table.Title, table.Labels, table.Columns,
        [.. table.Rows.Select(r => new ReportRow(r.Labels, [.. r.Cells.Select(c => new ReportCell(c.Result, c.Paper, records.GetValueOrDefault(c.Result)))]))]);
}
