using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;

namespace KdRobust.Api.Reports;

/// <summary>What computed the numbers, what the intervals mean, and the spec word for word.</summary>
static class ProvenanceSection
{
    public static void Write(HtmlText page, ExperimentReport report, ReportContext context)
    {
        page.Add($"<section>\n<h2>Provenance</h2>\n<dl>\n<dt>experiment</dt><dd><code>{context.Id}</code></dd>\n<dt>fingerprint</dt><dd><code>{report.Fingerprint}</code></dd>\n");
        foreach (var provenance in context.Jobs.Values.Select(j => j.Result?.Provenance).OfType<RunProvenance>().Distinct())
        {
            page.Add($"<dt>computed by</dt><dd>KdRobust {provenance.Build}, libtorch {provenance.Libtorch}, BLAS {provenance.Blas}, {provenance.Device}, {provenance.Threads} thread(s)</dd>\n");
        }
        page.Markup("<dt>intervals</dt><dd>95 %. Over images: Wilson's score interval (Clopper-Pearson's beside it in each cell's title and in the CSV); it holds what the choice of test images adds. Over images and draws, where marked: a two-level bootstrap in which the draws of the weights are clusters, because one draw errs on many images at once. The spread over training seeds is in neither.</dd>\n</dl>\n");
        page.Add($"<details><summary>the spec, word for word</summary>\n<pre>{context.SpecText}</pre>\n</details>\n");
        page.Markup("<p class=\"foot\">The paper: A. Katz, Y. Reches: Knowledge Distillation via Smoothed Models and Adversarial Robustness, 2022.</p>\n</section>\n");
    }
}
