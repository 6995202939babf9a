using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Output;

/// <summary>Lists of jobs in which the shards of a merge are one line with it.</summary>
static class ShardedJobs
{
    /// <summary>The jobs in their order without shards that are well; a merge comes with its shards, every other job with null.</summary>
    public static IEnumerable<(string Key, IReadOnlyList<JobView>? Shards, JobView Job)> Fold(IReadOnlyList<ExperimentJob> jobs)
    {
        var byId = jobs.DistinctBy(j => j.Job.Id).ToDictionary(j => j.Job.Id, j => j.Job);
        var merges = jobs.Where(j => j.Job.Kind == MergePayload.Kind).ToDictionary(
            j => j.Key, IReadOnlyList<JobView> (j) => [.. j.Job.DependsOn.Where(byId.ContainsKey).Select(id => byId[id])], StringComparer.Ordinal);
        var shards = merges.Values.SelectMany(of => of.Select(shard => shard.Id)).ToHashSet();
        foreach (var entry in jobs)
            // Why a shard failed stands in its own line.
            if (!shards.Contains(entry.Job.Id) || entry.Job.State == JobState.Failed)
                yield return (entry.Key, merges.GetValueOrDefault(entry.Key) is { Count: > 0 } own ? own : null, entry.Job);
    }

    /// <summary>How far the shards are, e.g. <c>5 of 8 shards done, 2 running</c>.</summary>
    public static string Where(IReadOnlyList<JobView> shards) => string.Create(
        CultureInfo.InvariantCulture,
        $"{shards.Count(shard => shard.State == JobState.Succeeded)} of {shards.Count} shards done, {shards.Count(shard => shard.State == JobState.Running)} running");
}
