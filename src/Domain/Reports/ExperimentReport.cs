using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;
using KdRobust.Domain.Statistics;

namespace KdRobust.Domain.Reports;

/// <summary>One measured number with all that is needed to judge it.</summary>
/// <param name="Id">Result id.</param>
/// <param name="Images">n.</param>
/// <param name="Correct">Images answered rightly.</param>
/// <param name="Accuracy">Per cent.</param>
/// <param name="Lower">95 % Wilson bound, per cent.</param>
/// <param name="Upper">95 % Wilson bound, per cent.</param>
/// <param name="OverDraws">95 % interval over images and draws, for a view whose draws differ.</param>
/// <param name="Draws">M.</param>
/// <param name="Aggregation">How the draws were aggregated.</param>
/// <param name="Seed">Root seed.</param>
/// <param name="Seconds">Seconds of the job that measured it.</param>
/// <param name="Job">Key of that job in the plan.</param>
/// <param name="Fingerprint">Its fingerprint.</param>
/// <param name="Provenance">What computed it.</param>
public sealed record ResultRecord(
    string Id, int Images, int Correct, double Accuracy, double Lower, double Upper, DrawInterval? OverDraws, int Draws, Aggregation Aggregation,
    long Seed, double Seconds, string Job, string Fingerprint, RunProvenance Provenance);

/// <summary>A cell: the paper's number, ours, either missing.</summary>
public sealed record ReportCell(string ResultId, double? Paper, ResultRecord? Ours);

/// <summary>A row of a table.</summary>
public sealed record ReportRow(IReadOnlyList<string> Labels, IReadOnlyList<ReportCell> Cells);

/// <summary>A table, paper beside ours.</summary>
public sealed record ReportTable(string Id, string Title, IReadOnlyList<string> Labels, IReadOnlyList<string> Columns, IReadOnlyList<ReportRow> Rows);

/// <summary>A point of a curve; y in per cent.</summary>
public sealed record ReportPoint(double X, double Y);

/// <summary>A line; empty while its job has measured nothing.</summary>
public sealed record ReportSeries(string Label, IReadOnlyList<ReportPoint> Points);

/// <summary>One pair of axes.</summary>
/// <param name="Title">Above it.</param>
/// <param name="XAxis"><c>epoch</c> or <c>k</c>.</param>
/// <param name="Series">Its lines.</param>
public sealed record ReportPanel(string Title, string XAxis, IReadOnlyList<ReportSeries> Series);

/// <summary>A figure: panels side by side.</summary>
public sealed record ReportFigure(string Id, string Title, IReadOnlyList<ReportPanel> Panels);

/// <summary>A job's line in the report.</summary>
public sealed record ReportJob(string Key, string Name, string Kind, string Fingerprint, double? Seconds);

/// <summary>
/// What an experiment found so far: the tables and figures its spec asks for, with every number's record. Pure: the same
/// results give the same report, in the service and in a one-off run.
/// </summary>
public sealed record ExperimentReport
{
    public required string Name { get; init; }
    public required string Title { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }
    public required string Fingerprint { get; init; }
    /// <summary>The data set's name; anything but real images says so here.</summary>
    public required string Dataset { get; init; }
    /// <summary>True when the images are procedural, which every table must say.</summary>
    public required bool Synthetic { get; init; }
    public required IReadOnlyList<ReportTable> Tables { get; init; }
    public required IReadOnlyList<ReportFigure> Figures { get; init; }
    public required IReadOnlyList<ResultRecord> Records { get; init; }
    public required IReadOnlyList<ReportJob> Jobs { get; init; }
    /// <summary>True when every job has a result.</summary>
    public required bool Complete { get; init; }

    /// <summary>Builds the report of what is known.</summary>
    /// <param name="spec">The spec.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="results">Job key to result; absent or null while there is none.</param>
    /// <param name="metrics">(job key, series) to the points of the newest attempt, in order.</param>
    public static ExperimentReport Of(
        ExperimentSpec spec,
        ExperimentPlan plan,
        IReadOnlyDictionary<string, JobResult?> results,
        Func<string, string, IReadOnlyList<MetricPoint>> metrics)
    {
        var records = plan.Results
            .Select(r => RecordOf(r.Key, r.Value, spec, plan, results.GetValueOrDefault(r.Value.Job)))
            .OfType<ResultRecord>().ToDictionary(r => r.Id, StringComparer.Ordinal);
        return new()
        {
            Name = spec.Name,
            Title = spec.Title,
            Notes = spec.Notes,
            Fingerprint = plan.Fingerprint,
            Dataset = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(spec.Dataset.Name.ToString()),
            Synthetic = spec.Dataset.Name == DatasetName.Synthetic,
            Tables = [.. spec.Tables.Select(t => new ReportTable(t.Id, t.Title, t.Labels, t.Columns,
                [.. t.Rows.Select(r => new ReportRow(r.Labels,
                    [.. r.Cells.Select(c => new ReportCell(c.Result, c.Paper, records.GetValueOrDefault(c.Result)))]))]))],
            Figures = [.. spec.Figures.Select(f => new ReportFigure(f.Id, f.Title, [.. f.Panels.Select(p => PanelOf(p, plan, results, metrics))]))],
            Records = [.. spec.ResultIds().Where(records.ContainsKey).Select(id => records[id])],
            Jobs = [.. plan.Jobs.Select(j => new ReportJob(j.Key, j.DisplayName, j.Payload.KindName, j.Fingerprint, results.GetValueOrDefault(j.Key)?.Seconds))],
            Complete = plan.Jobs.All(j => results.GetValueOrDefault(j.Key) is not null),
        };
    }

    static ResultRecord? RecordOf(string id, ResultSource source, ExperimentSpec spec, ExperimentPlan plan, JobResult? result)
    {
        var count = result switch
        {
            SmoothingEvalResult evaluation => evaluation.Count,
            TransferAttackResult attack => attack.Targets[source.Target!.Value],
            _ => null,
        };
        if (count is null) return null;
        var correct = count.Correct(source.Aggregation);
        var interval = WilsonInterval.Of(correct, count.Images);
        return new(id, count.Images, correct, 100.0 * correct / count.Images, 100 * interval.Lower, 100 * interval.Upper, count.Of(source.Aggregation).OverDraws, count.Draws,
            source.Aggregation, spec.Seed, result!.Seconds, source.Job, plan.Job(source.Job).Fingerprint, result.Provenance);
    }

    static ReportPanel PanelOf(
        PanelSpec panel, ExperimentPlan plan, IReadOnlyDictionary<string, JobResult?> results, Func<string, string, IReadOnlyList<MetricPoint>> metrics) =>
        new(panel.Title, panel.Series.Any(s => s is StepSeriesSpec) ? "k" : "epoch", [.. panel.Series.Select(s => s switch
        {
            EpochSeriesSpec epochs => new ReportSeries(s.Label,
                [.. metrics(plan.TrainingOf(epochs.Model).Key, MetricSeries.Monitor(epochs.Accuracy)).Select(m => new ReportPoint(m.Epoch, 100 * m.Value))]),
            StepSeriesSpec steps => new ReportSeries(s.Label, StepPoints(steps, results.GetValueOrDefault(plan.AttackOf(steps.Transfer).Key))),
            _ => throw new ArgumentOutOfRangeException(nameof(panel), s.GetType().Name, "no such series"),
        })]);

    static IReadOnlyList<ReportPoint> StepPoints(StepSeriesSpec series, JobResult? result)
    {
        if (result is not TransferAttackResult attack) return [];
        var counts = series.Curve == StepCurve.Survivors ? attack.Survivors : attack.CorrectAtStep;
        return [.. counts.Select((count, k) => new ReportPoint(k, 100.0 * count / attack.Images))];
    }
}
