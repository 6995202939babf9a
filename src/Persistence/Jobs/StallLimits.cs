using KdRobust.Domain.Jobs;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// How long a running job may say nothing before people are told. An alarm, never a verdict: whether a worker lives is
/// said by its lease alone, and a long checkpoint or a slow epoch is no reason to end anything.
/// </summary>
public static class StallLimits
{
    /// <summary>Any kind that is not listed.</summary>
    public static readonly TimeSpan Otherwise = TimeSpan.FromMinutes(30);

    /// <summary>By kind.</summary>
    public static IReadOnlyDictionary<string, TimeSpan> ByKind { get; } = new Dictionary<string, TimeSpan>(StringComparer.Ordinal)
    {
        [TrainPayload.Kind] = TimeSpan.FromMinutes(30),
        [SmoothingEvalPayload.Kind] = TimeSpan.FromMinutes(30),
        [TransferAttackPayload.Kind] = TimeSpan.FromMinutes(30),
        [ImportPayload.Kind] = TimeSpan.FromMinutes(10),
    };
}
