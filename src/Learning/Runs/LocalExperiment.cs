using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Runs;

namespace KdRobust.Learning.Runs;

/// <summary>How a job of a local experiment ended.</summary>
public enum LocalJobEnd { Computed, Reused, Failed, Skipped, Stopped }

/// <summary>A job that has ended.</summary>
/// <param name="Job">Which.</param>
/// <param name="End">How; skipped when a parent has no output.</param>
/// <param name="Result">What it found, when it was computed or reused; null for a shard that was not needed, because the whole was there.</param>
/// <param name="Metrics">Its points, in order.</param>
/// <param name="Failure">What to tell a person when it failed or was skipped.</param>
public sealed record LocalJob(PlannedJob Job, LocalJobEnd End, JobResult? Result, IReadOnlyList<MetricPoint> Metrics, string? Failure);

/// <summary>
/// A whole plan in this process, parents first, without service or database; the numbers are the service's. Everything is kept in a
/// folder by fingerprint: run again, it takes what is there and goes on where it was stopped or killed.
/// </summary>
/// <param name="plan">What to compute.</param>
/// <param name="folder">Where outputs, resume points and results are kept.</param>
/// <param name="dataFolder">Folder that holds the data sets' folders, or null.</param>
/// <param name="models">SHA-256 (lower-case hex) to file, of the weights that the plan imports; null when there are none.</param>
/// <param name="chosen">Keys of the jobs to compute; of the others only what is kept is used. Null computes all.</param>
public sealed class LocalExperiment(
    ExperimentPlan plan, string folder, string? dataFolder, IReadOnlyDictionary<string, string>? models = null, IReadOnlySet<string>? chosen = null)
{
    /// <summary>
    /// Runs what is not there yet. A job whose input cannot be used fails alone: what depends on it is skipped, the rest is
    /// computed. After a stop the jobs that did not end are left out.
    /// </summary>
    /// <param name="onBegin">Told of every job that is computed, before it is.</param>
    /// <param name="onEvent">Told every event while it is valid.</param>
    /// <param name="onEnd">Told every end.</param>
    /// <param name="stop">A request ends the running job at its next step.</param>
    /// <returns>The jobs that ended, in the plan's order.</returns>
    public IReadOnlyList<LocalJob> Run(Action<PlannedJob> onBegin, Action<PlannedJob, RunEvent> onEvent, Action<LocalJob> onEnd, StopSignal stop)
    {
        var ended = new Dictionary<string, LocalJob>(StringComparer.Ordinal);
        foreach (var job in plan.Jobs)
        {
            if (stop.Requested is not null) break;
            var ours = chosen is null || chosen.Contains(job.Key);
            var end = ours ? End(job, ended, onBegin, onEvent, stop) : Kept(job);
            ended.Add(job.Key, end);
            if (ours) onEnd(end);
        }
        return [.. ended.Values];
    }

    // A job that is not chosen: what is there of it.
    LocalJob Kept(PlannedJob job)
    {
        var kept = new JobFolder(folder, job.Fingerprint);
        return kept.Result is { } known
            ? new(job, LocalJobEnd.Reused, known, kept.Metrics, null)
            : new(job, LocalJobEnd.Skipped, null, [], "it is not among the jobs chosen here");
    }

    LocalJob End(
        PlannedJob job, Dictionary<string, LocalJob> ended, Action<PlannedJob> onBegin, Action<PlannedJob, RunEvent> onEvent, StopSignal stop)
    {
        // A whole is there however it was computed: its shards are not needed.
        if (job.ShardOf is { } merge && new JobFolder(folder, plan.Job(merge).Fingerprint).Result is not null) return new(job, LocalJobEnd.Reused, null, [], null);
        if (job.Payload is MergePayload && new JobFolder(folder, job.Fingerprint) is { Result: { } whole } there) return new(job, LocalJobEnd.Reused, whole, there.Metrics, null);
        if (job.DependsOn.FirstOrDefault(parent => ended[parent].Result is null) is { } missing)
            return new(job, LocalJobEnd.Skipped, null, [], $"'{ended[missing].Job.DisplayName}' has no result");
        var kept = new JobFolder(folder, job.Fingerprint);
        if (kept.Result is { } known) return new(job, LocalJobEnd.Reused, known, kept.Metrics, null);
        onBegin(job);
        try
        {
            return Compute(job, kept, onEvent, stop) is { } result
                ? new(job, LocalJobEnd.Computed, result, kept.Metrics, null)
                : new(job, LocalJobEnd.Stopped, null, kept.Metrics, null);
        }
        catch (RunInputException e)
        {
            return new(job, LocalJobEnd.Failed, null, kept.Metrics, e.Message);
        }
    }

    JobResult? Compute(PlannedJob job, JobFolder kept, Action<PlannedJob, RunEvent> onEvent, StopSignal stop)
    {
        var inputs = job.Inputs.ToDictionary(
            input => input.Key,
            input => new JobFolder(folder, plan.Job(input.Value.Job).Fingerprint).Output(input.Value.Output),
            StringComparer.Ordinal);
        if (job.Payload is ImportPayload import) inputs.Add(InputRoles.File, FileOf(import));
        var request = new RunRequest(Guid.Empty, job.DisplayName, job.Payload, inputs, kept.Resume, dataFolder);
        JobResult? result = null;
        foreach (var happened in RunCatalog.Create(request).Execute(stop))
        {
            onEvent(job, happened);
            switch (happened)
            {
                case MetricsRecorded metrics: kept.Keep(metrics.Points); break;
                case CheckpointTaken checkpoint: kept.Keep(checkpoint); break;
                case RunFinished finished: result = finished.Result; break;
            }
        }
        if (result is not null) kept.Keep(result);
        return result;
    }

    string FileOf(ImportPayload import) => models?.GetValueOrDefault(import.File.Sha256)
        ?? throw new RunInputException($"no file of SHA-256 {import.File.Sha256} was given: name it with --model FILE");
}
