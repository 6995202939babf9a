using System.Globalization;
using KdRobust.Domain.Experiments;

namespace KdRobust.Api.Reports;

/// <summary>What was trained and how it was asked, in the words of a method section.</summary>
static class SetupSection
{
    public static void Write(HtmlText page, ExperimentSpec spec)
    {
        page.Markup("<section>\n<h2>Setup</h2>\n");
        page.Add($"<p>{spec.Dataset.TrainImages} training and {spec.Dataset.TestImages} test images; root seed {spec.Seed}; {spec.Compute.Threads} thread(s) a job, single precision. Attack sizes are in pixel units of [0, 1].</p>\n");
        page.Markup("<div class=\"scroll\"><table class=\"plain\"><caption>Models</caption><thead><tr><th>name</th><th>network</th><th>noise in the weights</th><th>training</th></tr></thead><tbody>\n");
        foreach (var (name, model) in spec.Models)
            page.Add($"<tr><td>{name}</td><td class=\"tight\">{Network(model.Architecture)}</td><td>{Noise(model.Noise)}</td><td>{Training(model.Weights)}</td></tr>\n");
        page.Markup("</tbody></table></div>\n<div class=\"scroll\"><table class=\"plain\"><caption>Views: ways to ask a model</caption><thead><tr><th>name</th><th>model</th><th class=\"num\">input noise σ</th><th class=\"num\">draws M</th><th>aggregation</th></tr></thead><tbody>\n");
        foreach (var (name, view) in spec.Views)
            page.Add($"<tr><td>{name}</td><td>{view.Model}</td><td class=\"num\">{InputNoise(view.InputNoise)}</td><td class=\"num\">{view.Draws}</td><td>{(view.Draws == 1 ? "none" : ResultTables.Name(view.Aggregation))}</td></tr>\n");
        page.Markup("</tbody></table></div>\n");
        if (spec.Transfers.Count > 0)
        {
            page.Markup("<div class=\"scroll\"><table class=\"plain\"><caption>Attacks</caption><thead><tr><th>result</th><th>crafted on</th><th>attack</th><th>judged on</th><th class=\"num\">images</th></tr></thead><tbody>\n");
            foreach (var (name, transfer) in spec.Transfers)
                page.Add($"<tr><td>{name}</td><td>{transfer.Attacker}</td><td>{Attack(transfer.Attack)}</td><td>{(transfer.Targets.Count == 0 ? "its own curve only" : string.Join(", ", transfer.Targets))}</td><td class=\"num\">{transfer.Images}</td></tr>\n");
            page.Markup("</tbody></table></div>\n");
        }
        page.Markup("</section>\n");
    }

    static string Network(ArchitectureSpec architecture) => architecture switch
    {
        WideResNetSpec wide => string.Create(CultureInfo.InvariantCulture, $"WRN-{wide.Depth}-{wide.Width}") + (wide.Dropout > 0 ? string.Create(CultureInfo.InvariantCulture, $", dropout {wide.Dropout}") : ""),
        _ => throw new ArgumentOutOfRangeException(nameof(architecture), architecture.GetType().Name, "no words for this architecture"),
    };

    static string Noise(NoiseSpec noise) => noise switch
    {
        NoNoiseSpec => "none",
        ColoredNoiseSpec c => string.Create(CultureInfo.InvariantCulture, $"colored: d = {c.Diagonal} ({(c.Scale == NoiseScale.Std ? "of std W" : "of var W")}), rank {c.Rank}, V = {c.Factor}, α = {c.LinearAlpha}, learning rate × {c.LearningRateFactor}"),
        _ => throw new ArgumentOutOfRangeException(nameof(noise), noise.GetType().Name, "no words for this noise"),
    };

    static string Training(WeightsSpec weights)
    {
        if (weights is not TrainingSpec t) throw new ArgumentOutOfRangeException(nameof(weights), weights.GetType().Name, "no words for these weights");
        var text = string.Create(CultureInfo.InvariantCulture, $"{t.Epochs} epochs of batches of {t.BatchSize}; {Optimizer(t.Optimizer)}, {Schedule(t.Schedule)}");
        if (t.InputNoise is not null) text += $"; input noise σ {InputNoise(t.InputNoise)}";
        if (t.Adversarial is { } a) text += string.Create(CultureInfo.InvariantCulture, $"; from epoch {a.FromEpoch + 1} on a share {a.Weight} of the loss on {Attack(a.Attack)}");
        if (t.Distillation is { } d) text += string.Create(CultureInfo.InvariantCulture, $"; distilled from {d.Teacher}: T = {d.Temperature}, w = {d.Weight}{(t.Adversarial is null ? "" : string.Create(CultureInfo.InvariantCulture, $", perturbed w = {d.AdversarialWeight}"))}");
        return text;
    }

    static string Optimizer(OptimizerSpec optimizer) => string.Create(CultureInfo.InvariantCulture, $"{(optimizer is AdamSpec ? "Adam" : "SGD")}, learning rate {optimizer.LearningRate}, weight decay {optimizer.WeightDecay}");

    static string Schedule(ScheduleSpec schedule) => schedule switch
    {
        ConstantScheduleSpec => "constant",
        StepScheduleSpec s => string.Create(CultureInfo.InvariantCulture, $"× {s.Gamma} every {s.Every} epochs"),
        MultiStepScheduleSpec m => string.Create(CultureInfo.InvariantCulture, $"× {m.Gamma} at epochs {string.Join(", ", m.Milestones)}"),
        OneCycleScheduleSpec => "one cosine cycle",
        _ => throw new ArgumentOutOfRangeException(nameof(schedule), schedule.GetType().Name, "no words for this schedule"),
    };

    static string InputNoise(InputNoiseSpec? noise) => noise is null ? "0" : string.Create(CultureInfo.InvariantCulture, $"{noise.Sigma:0.###}");

    static string Attack(AttackSpec any) => any is not PgdSpec attack ? throw new ArgumentOutOfRangeException(nameof(any)) : string.Create(CultureInfo.InvariantCulture,
        $"PGD-{attack.Steps} at ε = {attack.Epsilon}, step {attack.StepSize}{(attack.RandomStart ? ", random start" : "")}{(attack.Restarts > 1 ? $", {attack.Restarts} restarts" : "")}");
}
