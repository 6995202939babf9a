namespace KdRobust.Domain.Reports;

/// <summary>What a terminal shows of a report: its tables, then its comparisons.</summary>
public static class PlainReport
{
    /// <summary>The whole text; parts are set apart by an empty line.</summary>
    public static string Of(ExperimentReport report) =>
        string.Join('\n', report.Tables.Select(table => TextTable.Plain(table, report.Synthetic)).Append(ComparisonText.Plain(report.Comparisons, report.Synthetic)).Where(part => part.Length > 0));
}
