using System.Collections.Frozen;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>
/// The generation of each kind's numbers. Raised by hand in the commit that changes them, so that stored results of older code
/// are not taken for new ones. A commit that changes no number changes nothing here.
/// </summary>
public static class ResultsVersions
{
    /// <summary>Every kind this build computes, with the version of its numbers: what a worker offers.</summary>
    public static IReadOnlyDictionary<string, int> Known { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        [TrainPayload.Kind] = 1,
        [SmoothingEvalPayload.Kind] = 1,
        [TransferAttackPayload.Kind] = 1,
        [ImportPayload.Kind] = 1,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The version a job's numbers are computed under.</summary>
    public static int Of(JobPayload payload) => Known.TryGetValue(payload.KindName, out var version)
        ? version
        : throw new ArgumentOutOfRangeException(nameof(payload), payload.GetType().Name, "no results version for this kind");
}
