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
        SmoothingEvalPayload => 1,
        TransferAttackPayload => 1,
        ImportPayload => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(payload), payload.GetType().Name, "no results version for this kind"),
    };
}
