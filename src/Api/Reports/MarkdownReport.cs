using System.Globalization;
using System.Text;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The report for a README or an issue: notes, tables, comparisons, jobs.</summary>
static class MarkdownReport
{
    public static string Write(ExperimentReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# {report.Title}\n\n`{report.Name}`, {report.Dataset}, fingerprint `{report.Fingerprint}`{(report.Complete ? "" : ", **not complete**")}\n\n");
        foreach (var note in report.Notes) text.Append(CultureInfo.InvariantCulture, $"- {note}\n");
        if (report.Expected is { } e)
            text.Append(CultureInfo.InvariantCulture, $"\nExpected: {e.Numbers}; {e.Petaflops:0.####} · 10^15 operations; {e.Time}; {e.Memory}\n");
        foreach (var table in report.Tables) text.Append('\n').Append(TextTable.Markdown(table, report.Synthetic));
        if (report.Comparisons.Count > 0) text.Append('\n').Append(ComparisonText.Markdown(report.Comparisons, report.Synthetic));
        text.Append("\n| job | kind | seconds | fingerprint |\n| --- | --- | ---: | --- |\n");
        foreach (var job in report.Jobs)
            text.Append(CultureInfo.InvariantCulture, $"| {job.Name}{Chosen(job)} | {job.KindInWords} | {job.Seconds:0.0} | `{job.Fingerprint[..12]}` |\n");
        return text.ToString();
    }

    static string Chosen(ReportJob job) => job switch
    {
        { Selected: { } s } => string.Create(CultureInfo.InvariantCulture, $" (best: epoch {s.Epoch}, {100 * s.Accuracy:0.0#} % of {s.Images})"),
        { Import: { } i } => string.Create(CultureInfo.InvariantCulture, $" ({i.Mapped.Count} tensors read, {i.Skipped.Count} left out)"),
        _ => "",
    };
}
