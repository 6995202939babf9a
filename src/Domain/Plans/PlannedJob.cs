using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>One job of a plan.</summary>
/// <param name="Key">Its name inside the plan, e.g. <c>train/cni</c>.</param>
/// <param name="DisplayName">For people, e.g. <c>train cni</c>.</param>
/// <param name="Payload">What it computes.</param>
/// <param name="Inputs">Role to the parent's output.</param>
/// <param name="Fingerprint">SHA-256 of all its numbers depend on; equal fingerprints mean equal digits. A merge has that of the whole job.</param>
/// <param name="ShardOf">Key of the merge this job is a shard of; null for all others.</param>
public sealed record PlannedJob(string Key, string DisplayName, JobPayload Payload, IReadOnlyDictionary<string, JobInput> Inputs, string Fingerprint, string? ShardOf = null)
{
    /// <summary>What it measures: the kind of its payload, and of a merge that of the whole job.</summary>
    public string MeasuredKind => Payload is MergePayload merge ? merge.Whole.KindName : Payload.KindName;

    /// <summary>Shards that a merge puts together; 0 for all other jobs.</summary>
    public int Shards => Payload is MergePayload merge ? merge.Shards.Count : 0;

    /// <summary>The jobs it waits for.</summary>
    public IEnumerable<string> DependsOn => Inputs.Values.Select(i => i.Job).Distinct(StringComparer.Ordinal);
}

/// <summary>An output of another job of the plan.</summary>
public sealed record JobInput(string Job, string Output);

/// <summary>Which number of which job a result id names.</summary>
/// <param name="Job">Key of the job.</param>
/// <param name="Target">Index into a transfer's targets; null for an evaluation.</param>
/// <param name="Aggregation">Which count.</param>
public sealed record ResultSource(string Job, int? Target, Aggregation Aggregation);
