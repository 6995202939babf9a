using System.Globalization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Reports.Setup;

/// <summary>What was trained and how it was asked, in the words of a method section: every switch of the spec that can change a number.</summary>
static class SetupSection
{
    public static void Write(HtmlText page, ExperimentSpec spec)
    {
        page.Markup("<section>\n<h2>Setup</h2>\n");
        page.Add($"<p>{spec.Dataset.TrainImages} training and {spec.Dataset.TestImages} test images of {SpecWords.Kebab(spec.Dataset.Name)}; root seed {spec.Seed}; {Compute(spec.Compute)}. Attack sizes are in pixel units of [0, 1].</p>\n");
        page.Markup("<h3>Models</h3>\n");
        foreach (var (name, model) in spec.Models) Write(page, name, model);
        WriteViews(page, spec);
        WriteEvaluations(page, spec);
        WriteTransfers(page, spec);
        page.Markup("</section>\n");
    }

    static void Write(HtmlText page, string name, ModelSpec model)
    {
        page.Add($"<div class=\"model\"><h4>{name}</h4>\n<dl>\n");
        Line(page, "network", NetworkWords.Architecture(model.Architecture));
        Line(page, "noise in the weights", NetworkWords.Noise(model.Noise));
        foreach (var (what, words) in model.Weights switch
        {
            TrainingSpec training => TrainingWords.Lines(training),
            ImportSpec import => [("weights", NetworkWords.Import(import))],
            var weights => throw new ArgumentOutOfRangeException(nameof(model), weights.GetType().Name, "no words for these weights"),
        })
            Line(page, what, words);
        page.Markup("</dl></div>\n");
    }

    static void Line(HtmlText page, string what, string words) => page.Add($"<dt>{what}</dt><dd>{words}</dd>\n");

    static void WriteViews(HtmlText page, ExperimentSpec spec)
    {
        page.Markup("<h3>Views: ways to ask a model</h3>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>name</th><th>model</th><th>how it is asked</th><th class=\"num\">draws M</th></tr></thead><tbody>\n");
        foreach (var (name, view) in spec.Views)
            page.Add($"<tr><td>{name}</td><td>{view.Model}</td><td>{ViewWords.Of(view)}</td><td class=\"num\">{view.Draws}</td></tr>\n");
        page.Markup("</tbody></table></div>\n");
    }

    static void WriteEvaluations(HtmlText page, ExperimentSpec spec)
    {
        if (spec.Evaluations.Count == 0) return;
        page.Markup("<h3>Evaluations on clean images</h3>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>result</th><th>view</th><th class=\"num\">images</th></tr></thead><tbody>\n");
        foreach (var (name, evaluation) in spec.Evaluations)
            page.Add($"<tr><td>{name}</td><td>{evaluation.View}</td><td class=\"num\">{evaluation.Images}</td></tr>\n");
        page.Markup("</tbody></table></div>\n");
    }

    static void WriteTransfers(HtmlText page, ExperimentSpec spec)
    {
        if (spec.Transfers.Count == 0) return;
        page.Markup("<h3>Attacks</h3>\n<div class=\"scroll\"><table class=\"plain\"><thead><tr><th>result</th><th>crafted on</th><th>attack</th><th>judged on</th><th class=\"num\">images</th></tr></thead><tbody>\n");
        foreach (var (name, transfer) in spec.Transfers)
            page.Add($"<tr><td>{name}</td><td>{transfer.Attacker}</td><td class=\"wide\">{AttackWords.Of(transfer.Attack)}</td><td>{Judged(transfer)}</td><td class=\"num\">{transfer.Images}</td></tr>\n");
        page.Markup("</tbody></table></div>\n");
    }

    static string Judged(TransferSpec transfer) =>
        transfer.Targets.Count == 0 ? "its own curve only"
        : string.Join(", ", transfer.Targets) + (transfer.CurveDraws == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; after every iteration too, by {transfer.CurveDraws} fresh draws"));

    static string Compute(ComputeSpec compute) => string.Create(CultureInfo.InvariantCulture, $"{(compute.Device == DeviceKind.Cpu ? $"{compute.Threads} CPU thread(s) a job" : $"CUDA, {compute.Threads} CPU thread(s) beside it")}, ")
        + (compute.Precision == Precision.Float32 ? "single precision throughout" : "training and its attacks in bfloat16 by autocast, evaluations and reported attacks in single precision");
}
