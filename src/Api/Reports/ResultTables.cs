using System.Globalization;
using KdRobust.Api.Reports.Setup;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The tables: the paper's number beside ours with its interval, n and M in each cell.</summary>
static class ResultTables
{
    public static void Write(HtmlText page, ExperimentReport report)
    {
        if (report.Tables.Count == 0) return;
        page.Markup("<section>\n<h2>Tables</h2>\n");
        foreach (var table in report.Tables) Write(page, table, report.Synthetic);
        page.Markup("</section>\n");
    }

    static void Write(HtmlText page, ReportTable table, bool synthetic)
    {
        page.Add($"<div class=\"table\" id=\"{table.Id}\"><div class=\"scroll\">\n<table class=\"results\">\n<caption>{table.Title}");
        if (synthetic) page.Markup(" (synthetic images, not CIFAR-10)");
        page.Markup("</caption>\n<thead>\n<tr>");
        foreach (var label in table.Labels) page.Add($"<th rowspan=\"2\" scope=\"col\">{label}</th>");
        foreach (var column in table.Columns) page.Add($"<th class=\"group\" colspan=\"2\" scope=\"colgroup\">{column}, %</th>");
        page.Markup("</tr>\n<tr>");
        for (var i = 0; i < table.Columns.Count; i++) page.Markup("<th class=\"num sub\" scope=\"col\">paper</th><th class=\"num sub\" scope=\"col\">ours [95 %]</th>");
        page.Markup("</tr>\n</thead>\n<tbody>\n");
        foreach (var row in table.Rows)
        {
            page.Markup("<tr>");
            foreach (var label in row.Labels) page.Add($"<td>{label}</td>");
            foreach (var cell in row.Cells) Write(page, cell);
            page.Markup("</tr>\n");
        }
        page.Add($"</tbody>\n</table></div>\n<p class=\"foot\">{TextTable.Footnote(table)}.{Aggregations(table)}</p>\n</div>\n");
    }

    static void Write(HtmlText page, ReportCell cell)
    {
        if (cell.Paper is null) page.Markup("<td class=\"num missing\">not in paper</td>");
        else page.Add($"<td class=\"num\">{TextTable.Paper(cell)}</td>");
        if (cell.Ours is not { } ours)
        {
            page.Add($"<td class=\"num missing\" title=\"result {cell.ResultId}\">not measured</td>");
            return;
        }
        page.Add($"<td class=\"num ours\" title=\"result {ours.Id}: {ours.Correct} of {ours.Images} images right, {ours.Draws} draws by {ViewWords.Name(ours.Aggregation)}, seed {ours.Seed}; {Intervals(ours)}\">");
        page.Add($"{ours.Accuracy:0.0#}<span class=\"interval\">[{ours.Shown.Lower:0.0}, {ours.Shown.Upper:0.0}]{(ours.OverDraws is null ? "" : TextTable.OverDrawsMark)}</span>");
        page.Add($"<span class=\"size\">n = {ours.Images}, M = {ours.Draws}</span></td>");
    }

    static string Intervals(ResultRecord ours) => string.Create(CultureInfo.InvariantCulture, $"95 % Wilson [{ours.Lower:0.00}, {ours.Upper:0.00}], Clopper-Pearson [{ours.ExactLower:0.00}, {ours.ExactUpper:0.00}]")
        + (ours.OverDraws is { } both ? string.Create(CultureInfo.InvariantCulture, $", over images and draws [{100 * both.Lower:0.00}, {100 * both.Upper:0.00}] ({both.Groups} groups of draws, {both.Replicates} resamplings)") : "");

    static string Aggregations(ReportTable table)
    {
        var names = table.Rows.SelectMany(r => r.Cells).Select(c => c.Ours).OfType<ResultRecord>().Where(o => o.Draws > 1).Select(o => o.Aggregation).Distinct().Order().Select(ViewWords.Name).ToList();
        return names.Count == 0 ? "" : $" Draws are aggregated by {string.Join(" or ", names)}, as the row says.";
    }
}
