using System.Globalization;
using System.Text;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The report for a README or an issue: notes, tables, jobs.</summary>
static class MarkdownReport
{
    public static string Write(ExperimentReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {report.Title}\n\n`{report.Name}`, {report.Dataset}, fingerprint `{report.Fingerprint}`{(report.Complete ? "" : ", **not complete**")}\n\n");
        foreach (var note in report.Notes) text.Append(CultureInfo.InvariantCulture, $"- {note}\n");
        foreach (var table in report.Tables) text.Append('\n').Append(TextTable.Markdown(table, report.Synthetic));
        text.Append("\n| job | kind | seconds | fingerprint |\n| --- | --- | ---: | --- |\n");
        foreach (var job in report.Jobs)
            text.Append(CultureInfo.InvariantCulture, $"| {job.Name} | {job.Kind} | {job.Seconds:0.0} | `{job.Fingerprint[..12]}` |\n");
        return text.ToString();
    }
}
