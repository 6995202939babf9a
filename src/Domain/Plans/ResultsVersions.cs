using System.Collections.Frozen;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>
/// The generation of each kind's numbers. Raised by hand in the commit that changes them, so that stored results of older code
/// are not taken for new ones. A commit that changes no number changes nothing here.
/// </summary>
public static class ResultsVersions
{
    /// <summary>Every kind this build computes, with the newest generation of its numbers: what a worker offers, and what a job asks of one.</summary>
    public static IReadOnlyDictionary<string, int> Known { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [TrainPayload.Kind] = 1,
        [SmoothingEvalPayload.Kind] = 2,
        [TransferAttackPayload.Kind] = 2,
        [ImportPayload.Kind] = 1,
        [MergePayload.Kind] = 1,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The generation a job's numbers are of, part of its fingerprint: that of its kind, or an earlier one where the change did not touch them.</summary>
    public static int Of(JobPayload payload) => payload switch
    {
        // Images that leave early do so within blocks, which matters where there is more than one.
        SmoothingEvalPayload { StopFor: null } or SmoothingEvalPayload { Images: <= ImageRange.Block } => 1,
        TransferAttackPayload attack when attack.Images <= ImageRange.Block || attack.Targets.All(target => target.StopFor is null) => 1,
        MergePayload merge => Of(merge.Whole),
        _ => Known.TryGetValue(payload.KindName, out var version)
            ? version
            : throw new ArgumentOutOfRangeException(nameof(payload), payload.GetType().Name, "no results version for this kind"),
    };
}
