using static KdRobust.Domain.Experiments.SpecRules;

namespace KdRobust.Domain.Experiments;

/// <summary>What tables, figures and comparisons name must be measured.</summary>
internal static class ReportRules
{
    public static void Check(SpecFindings found)
    {
        var spec = found.Spec;
        var results = spec.ResultIds().ToHashSet(StringComparer.Ordinal);
        foreach (var clash in spec.Evaluations.Keys.Intersect(spec.Transfers.Keys))
            found.Add(SpecFindings.Path("transfers", clash), "an evaluation has the same name", clash, "names unique among evaluations and transfers");
        for (var t = 0; t < spec.Tables.Count; t++) CheckTable(found, spec.Tables[t], results, $"$.tables[{Number(t)}]");
        for (var f = 0; f < spec.Figures.Count; f++)
            for (var p = 0; p < spec.Figures[f].Panels.Count; p++)
            {
                CheckAxis(found, spec.Figures[f].Panels[p], $"$.figures[{Number(f)}].panels[{Number(p)}]");
                for (var s = 0; s < spec.Figures[f].Panels[p].Series.Count; s++)
                    CheckSeries(found, spec.Figures[f].Panels[p].Series[s], $"$.figures[{Number(f)}].panels[{Number(p)}].series[{Number(s)}]");
            }
        for (var c = 0; c < spec.Comparisons.Count; c++) CheckComparison(found, spec.Comparisons[c], results, $"$.comparisons[{Number(c)}]");
    }

    static void CheckTable(SpecFindings found, TableSpec table, HashSet<string> results, string tablePath)
    {
        for (var r = 0; r < table.Rows.Count; r++)
        {
            var (row, path) = (table.Rows[r], $"{tablePath}.rows[{Number(r)}]");
            if (row.Labels.Count != table.Labels.Count)
                found.Add($"{path}.labels", "as many labels as the table has label columns", Number(row.Labels.Count), Number(table.Labels.Count));
            if (row.Cells.Count != table.Columns.Count)
                found.Add($"{path}.cells", "as many cells as the table has number columns", Number(row.Cells.Count), Number(table.Columns.Count));
            for (var c = 0; c < row.Cells.Count; c++)
                found.Name(row.Cells[c].Result, results, "result", $"{path}.cells[{Number(c)}].result");
        }
    }

    static void CheckAxis(SpecFindings found, PanelSpec panel, string path)
    {
        var axes = panel.Series.SelectMany(s => s switch
        {
            EpochSeriesSpec => ["epochs"],
            TeacherAgreementSeriesSpec => ["epochs of agreement"],
            StepSeriesSpec or TargetStepSeriesSpec => ["iterations k"],
            EpsilonSeriesSpec epsilons => epsilons.Results.Select(id => found.Spec.Transfers.GetValueOrDefault(id.Split('/')[0])?.Attack.Norm switch
            {
                AttackNorm.Linf => "linf radii", AttackNorm.L2 => "l2 radii", _ => null,
            }),
            _ => Enumerable.Empty<string?>(),
        }).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (axes.Count > 1) found.Add($"{path}.series", "its lines have no axes in common", string.Join(" and ", axes), "a panel for each");
    }

    static void CheckSeries(SpecFindings found, SeriesSpec series, string path)
    {
        var spec = found.Spec;
        switch (series)
        {
            case StepSeriesSpec steps:
                found.Name(steps.Transfer, spec.Transfers.Keys, "transfer", $"{path}.transfer");
                break;
            case TargetStepSeriesSpec steps:
                found.Name(steps.Transfer, spec.Transfers.Keys, "transfer", $"{path}.transfer");
                if (!spec.Transfers.TryGetValue(steps.Transfer, out var transfer)) break;
                found.Name(steps.Target, transfer.Targets, "target", $"{path}.target");
                if (transfer.CurveDraws == 0)
                    found.Add($"{path}.transfer", "the transfer measures no curve of its targets", steps.Transfer, "a transfer with curveDraws above 0");
                break;
            case EpsilonSeriesSpec epsilons:
                var measured = spec.Transfers.SelectMany(t => t.Value.Targets.Select(target => $"{t.Key}/{target}")).ToHashSet(StringComparer.Ordinal);
                for (var i = 0; i < epsilons.Results.Count; i++)
                    found.Name(epsilons.Results[i], measured, "result of a transfer", $"{path}.results[{Number(i)}]");
                break;
            case TeacherAgreementSeriesSpec agreement:
                found.Name(agreement.Model, spec.Models.Keys, "model", $"{path}.model");
                if (spec.Models.TryGetValue(agreement.Model, out var student) && (student.Weights as TrainingSpec)?.Distillation is null)
                    found.Add($"{path}.model", "the model is not distilled, so it has no teacher to agree with", agreement.Model, "a model whose training has a distillation");
                break;
            case EpochSeriesSpec epochs:
                found.Name(epochs.Model, spec.Models.Keys, "model", $"{path}.model");
                if (!spec.Models.TryGetValue(epochs.Model, out var model)) break;
                var monitor = (model.Weights as TrainingSpec)?.Monitor;
                if (monitor is null || (epochs.Accuracy == MonitoredAccuracy.Adversarial && monitor.Attack is null))
                    found.Add($"{path}.accuracy", "the model's training does not monitor this", epochs.Accuracy.ToString().ToLowerInvariant(), "a model whose monitor measures it");
                break;
        }
    }

    static void CheckComparison(SpecFindings found, ComparisonSpec comparison, HashSet<string> results, string path)
    {
        found.Name(comparison.First, results, "result", $"{path}.first");
        found.Name(comparison.Second, results, "result", $"{path}.second");
        if (comparison.First == comparison.Second)
            found.Add($"{path}.second", "a result compared with itself", comparison.Second, "another result");
        else if (results.Contains(comparison.First) && results.Contains(comparison.Second)
            && (ImagesOf(found.Spec, comparison.First), ImagesOf(found.Spec, comparison.Second)) is var (first, second) && first != second)
            found.Add($"{path}.second", "measured on other images than the first", $"{Number(second)} images", $"{Number(first)} images");
    }

    static int ImagesOf(ExperimentSpec spec, string result) =>
        spec.Evaluations.TryGetValue(result, out var evaluation) ? evaluation.Images : spec.Transfers[result[..result.IndexOf('/', StringComparison.Ordinal)]].Images;
}
