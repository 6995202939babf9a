using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Reports;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Metrics;

namespace KdRobust.Api.Reports;

/// <summary>Reads what a report is made of.</summary>
sealed class ReportSource(ExperimentStore experiments, MetricStore metrics)
{
    /// <summary>The report of what is known now; null when there is no such experiment for this owner.</summary>
    public async Task<(ExperimentReport Report, ReportContext Context)?> Load(Guid id, string? owner, CancellationToken ct)
    {
        if (await experiments.Find(id, owner, ct) is not { } view || await experiments.Spec(id, ct) is not { } spec) return null;
        var jobs = (await experiments.Jobs(id, ct)).ToDictionary(j => j.Key, j => j.Job, StringComparer.Ordinal);

        var curves = new Dictionary<string, IReadOnlyDictionary<string, IReadOnlyList<MetricPoint>>>(StringComparer.Ordinal);
        foreach (var (key, job) in jobs.Where(j => j.Value.Kind == TrainPayload.Kind)) curves[key] = await metrics.Series(job.Id, ct);

        var report = ExperimentReport.Of(
            spec, ExperimentPlan.Of(spec, view.RunNumber), jobs.ToDictionary(j => j.Key, j => j.Value.Result, StringComparer.Ordinal),
            (job, series) => curves.GetValueOrDefault(job)?.GetValueOrDefault(series) ?? []);
        return (report, new ReportContext(id, spec, JsonSerializer.Serialize(spec, SpecJson.Indented), view.CreatedAt, jobs));
    }
}
