using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>The jobs that computed it: where the time went, and by which fingerprint each number can be found again.</summary>
static class JobSection
{
    public static void Write(HtmlText page, ExperimentReport report, ReportContext context)
    {
        page.Markup("<section>\n<h2>Jobs</h2>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>job</th><th>kind</th><th>state</th><th class=\"num\">attempts</th><th class=\"num\">seconds</th><th>fingerprint</th></tr></thead>\n<tbody>\n");
        foreach (var job in report.Jobs)
        {
            var row = context.Jobs.GetValueOrDefault(job.Key);
            page.Add($"<tr><td>{job.Name}");
            if (job.Selected is { } selected) page.Add($"<span class=\"size\">best: epoch {selected.Epoch}, {100 * selected.Accuracy:0.0#} % of {selected.Images} selecting images</span>");
            if (job.Import is { } import) page.Add($"<span class=\"size\">{import.Parameters} parameters, {import.Mapped.Count} tensors read, {import.Skipped.Count} left out</span>");
            page.Add($"</td><td>{job.KindInWords}</td><td>{row?.State.ToString().ToLowerInvariant()}</td><td class=\"num\">{row?.Attempt}</td>");
            page.Add($"<td class=\"num\">{job.Seconds:0.0}</td><td><code title=\"{job.Fingerprint}\">{job.Fingerprint[..12]}</code></td></tr>\n");
        }
        page.Add($"</tbody><tfoot><tr><td colspan=\"4\">together</td><td class=\"num\">{report.Jobs.Sum(j => j.Seconds ?? 0):0.0}</td><td></td></tr></tfoot></table></div>\n");
        foreach (var job in report.Jobs.Where(j => j.Import is not null)) WriteImport(page, job, job.Import!);
        page.Markup("<p class=\"foot\">Seconds are those of computing, summed over the attempts whose work was kept; jobs run side by side, so the experiment takes less. Equal fingerprints mean equal digits on the same processor type, libtorch and BLAS.</p>\n</section>\n");
    }

    static void WriteImport(HtmlText page, ReportJob job, ImportMapping import)
    {
        page.Add($"<details><summary>{job.Name}: which name became which</summary>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>in the file</th><th>in the network</th></tr></thead><tbody>");
        foreach (var key in import.Mapped) page.Add($"<tr><td><code>{key.File}</code></td><td><code>{key.Network}</code></td></tr>");
        foreach (var name in import.Skipped) page.Add($"<tr><td><code>{name}</code></td><td class=\"missing\">left out</td></tr>");
        page.Markup("</tbody></table></div></details>\n");
    }
}
