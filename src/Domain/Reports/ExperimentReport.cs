using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;

namespace KdRobust.Domain.Reports;

/// <summary>
/// What an experiment found so far: the tables, figures and comparisons its spec asks for, with every number's record. Pure:
/// the same results give the same report, in the service and in a one-off run.
/// </summary>
public sealed record ExperimentReport
{
    public required string Name { get; init; }
    public required string Title { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }
    /// <summary>What the spec expects to find and to cost; null where nobody has estimated it.</summary>
    public required ExpectationsSpec? Expected { get; init; }
    public required string Fingerprint { get; init; }
    /// <summary>The data set's name; anything but real images says so here.</summary>
    public required string Dataset { get; init; }
    /// <summary>True when the images are procedural, which every table must say.</summary>
    public required bool Synthetic { get; init; }
    public required IReadOnlyList<ReportTable> Tables { get; init; }
    public required IReadOnlyList<ReportComparison> Comparisons { get; init; }
    public required IReadOnlyList<ReportFigure> Figures { get; init; }
    public required IReadOnlyList<ResultRecord> Records { get; init; }
    public required IReadOnlyList<ReportJob> Jobs { get; init; }
    /// <summary>True when every job has a result; of shards only their merge counts.</summary>
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
        AggregatedCount? CountOf(string id) => Count(plan.Results[id], results.GetValueOrDefault(plan.Results[id].Job));
        var records = plan.Results.Keys.Select(id => CountOf(id) is { } count ? RecordOf(id, count, spec, plan, results) : null)
            .OfType<ResultRecord>().ToDictionary(r => r.Id, StringComparer.Ordinal);
        var curves = new FigureCurves(spec, plan, results, metrics, records);
        return new()
        {
            Name = spec.Name,
            Title = spec.Title,
            Notes = spec.Notes,
            Expected = spec.Expected,
            Fingerprint = plan.Fingerprint,
            Dataset = System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(spec.Dataset.Name.ToString()),
            Synthetic = spec.Dataset.Name == DatasetName.Synthetic,
            Tables = [.. spec.Tables.Select(t => ReportTable.Of(t, records))],
            Comparisons = [.. spec.Comparisons.Select(c => ReportComparison.Of(c, id => CountOf(id) is { } count ? (count.Of(plan.Results[id].Aggregation).Right, count.Images) : null))],
            Figures = [.. spec.Figures.Select(curves.Figure)],
            Records = [.. spec.ResultIds().Where(records.ContainsKey).Select(id => records[id])],
            Jobs = [.. plan.Jobs.Where(j => j.ShardOf is null).Select(j => JobOf(j, results.GetValueOrDefault(j.Key)))],
            Complete = plan.Jobs.All(j => j.ShardOf is not null || results.GetValueOrDefault(j.Key) is not null),
        };
    }

    static AggregatedCount? Count(ResultSource source, JobResult? result) => result switch
    {
        SmoothingEvalResult evaluation => evaluation.Count,
        TransferAttackResult attack => attack.Targets[source.Target!.Value],
        _ => null,
    };

    static ResultRecord RecordOf(string id, AggregatedCount count, ExperimentSpec spec, ExperimentPlan plan, IReadOnlyDictionary<string, JobResult?> results)
    {
        var source = plan.Results[id];
        var (result, answers) = (results[source.Job]!, count.Of(source.Aggregation));
        return ResultRecord.Of(
            id, count.Images, answers.Correct, answers.OverDraws, count.Draws, count.MeanDraws, source.Aggregation,
            spec.Seed, result.Seconds, source.Job, plan.Job(source.Job).Fingerprint, result.Provenance);
    }

    static ReportJob JobOf(PlannedJob job, JobResult? result) => new(
        job.Key, job.DisplayName, job.MeasuredKind, job.Fingerprint, result?.Seconds, (result as TrainResult)?.Selected,
        result is ImportResult import ? new ImportMapping(import.Parameters, import.Mapped, import.Skipped) : null, job.Shards);
}
