using KdRobust.Api.Reports.Setup;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>What a report says beside its numbers.</summary>
/// <param name="Id">The experiment.</param>
/// <param name="Spec">Its spec.</param>
/// <param name="SpecText">The spec as it was sent.</param>
/// <param name="SubmittedAt">When.</param>
/// <param name="Jobs">Its jobs by plan key.</param>
sealed record ReportContext(Guid Id, ExperimentSpec Spec, string SpecText, DateTimeOffset SubmittedAt, IReadOnlyDictionary<string, JobView> Jobs)
{
    /// <summary>When the last job ended; null while one has not.</summary>
    public DateTimeOffset? FinishedAt => Jobs.Values.All(j => j.State.IsTerminal()) ? Jobs.Values.Max(j => j.FinishedAt) : null;
}

/// <summary>
/// The report as one HTML file that needs nothing else: no script, no font, no address. It reads as a paper's supplement:
/// what differs from the paper in words, the tables, the figures, then what a reader needs to check or repeat it.
/// </summary>
static class HtmlReport
{
    static readonly Lazy<string> Style = new(() =>
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(typeof(HtmlReport), "report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    });

    /// <summary>Writes the whole page.</summary>
    public static string Write(ExperimentReport report, ReportContext context)
    {
        var page = new HtmlText();
        page.Markup("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Add($"<meta name=\"generator\" content=\"KdRobust\">\n<title>{report.Title}</title>\n<style>\n").Markup(Style.Value).Markup("</style>\n</head>\n<body>\n");
        WriteHead(page, report, context);
        if (report.Notes.Count > 0)
        {
            page.Markup("<section>\n<h2>How this differs from the paper</h2>\n<ul class=\"notes\">\n");
            foreach (var note in report.Notes) page.Add($"<li>{note}</li>\n");
            page.Markup("</ul>\n</section>\n");
        }
        if (report.Expected is { } expected)
        {
            page.Markup("<section>\n<h2>What was expected</h2>\n<dl>\n");
            page.Add($"<dt>numbers</dt><dd>{expected.Numbers}</dd>\n<dt>operations</dt><dd>{expected.Petaflops:0.####} · 10¹⁵ floating-point operations</dd>\n<dt>time</dt><dd>{expected.Time}</dd>\n<dt>memory</dt><dd>{expected.Memory}</dd>\n");
            page.Markup("</dl>\n</section>\n");
        }
        ResultTables.Write(page, report);
        ComparisonSection.Write(page, report);
        FigureSection.Write(page, report);
        SetupSection.Write(page, context.Spec);
        JobSection.Write(page, report, context);
        ProvenanceSection.Write(page, report, context);
        page.Markup("</body>\n</html>\n");
        return page.ToString();
    }

    static void WriteHead(HtmlText page, ExperimentReport report, ReportContext context)
    {
        page.Add($"<header>\n<h1>{report.Title}</h1>\n<p class=\"lead\">{report.Name} · {Images(report)} · submitted {Date(context.SubmittedAt)}");
        if (context.FinishedAt is { } finished) page.Add($", finished {Date(finished)}");
        page.Add($" · fingerprint <code>{report.Fingerprint[..12]}</code></p>\n");
        if (report.Synthetic)
            page.Markup("<p class=\"warning\">The images are <strong>synthetic</strong>: made by a procedure, shaped like CIFAR-10. No number here says anything about CIFAR-10.</p>\n");
        if (!report.Complete) WriteUnfinished(page, context);
        page.Markup("</header>\n");
    }

    static void WriteUnfinished(HtmlText page, ReportContext context)
    {
        var done = context.Jobs.Values.Count(j => j.State == JobState.Succeeded);
        page.Add($"<p class=\"warning\">Not complete: {done} of {context.Jobs.Count} jobs have succeeded. Cells without a number were not measured");
        var failed = context.Jobs.Values.Where(j => j.State == JobState.Failed).OrderBy(j => j.FinishedAt).ToList();
        if (failed.Count == 0) page.Markup(" yet");
        page.Markup(".");
        foreach (var job in failed) page.Add($"<br/>Failed: <strong>{job.Name}</strong>: {job.Failure?.Message}");
        page.Markup("</p>\n");
    }

    static string Images(ExperimentReport report) => report.Synthetic ? "synthetic images" : report.Dataset;

    internal static string Date(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", System.Globalization.CultureInfo.InvariantCulture);
}
