using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>
/// The generation of each kind's numbers. Raised by hand in the commit that changes them, so that stored results of older code
/// are not taken for new ones. A commit that changes no number changes nothing here.
/// </summary>
public static class ResultsVersions
{
    public static int Of(JobPayload payload) => payload switch
    {
        TrainPayload => 1,
        // Images that leave early do so within blocks, which matters where there is more than one.
        SmoothingEvalPayload { StopFor: not null, Images: > ImageRange.Block } => 2,
        TransferAttackPayload { Images: > ImageRange.Block } attack when attack.Targets.Any(target => target.StopFor is not null) => 2,
        SmoothingEvalPayload => 1,
        TransferAttackPayload => 1,
        ImportPayload => 1,
        MergePayload merge => Of(merge.Whole),
        _ => throw new ArgumentOutOfRangeException(nameof(payload), payload.GetType().Name, "no results version for this kind"),
    };
}
