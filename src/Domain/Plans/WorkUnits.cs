using System.Globalization;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;

namespace KdRobust.Domain.Plans;

/// <summary>How much a job computes, in passes of one image through one network, and what must be alike for two jobs' passes to take as long.</summary>
/// <param name="Sort">Kind, network and device in words, e.g. <c>train of wide-resnet-28-4 on cpu, 1 thread</c>.</param>
/// <param name="Passes">Forward passes, a backward pass counted as two.</param>
public sealed record WorkUnits(string Sort, double Passes)
{
    /// <summary>Counts a job's passes.</summary>
    public static WorkUnits Of(JobPayload payload) => payload switch
    {
        TrainPayload train => new(Named(payload, train.Network), (double)train.Training.Epochs * train.Dataset.TrainImages * 3 * (1 + StepsOf(train.Training.Adversarial?.Attack))),
        SmoothingEvalPayload evaluation => new(Named(payload, evaluation.View.Network), (double)evaluation.Images * evaluation.Draws * (evaluation.LabelViews?.Count ?? 1)),
        TransferAttackPayload attack => new(
            Named(payload, attack.View.Network),
            attack.Images * (3.0 * StepsOf(attack.Attack) * Restarts(attack.Attack) * (attack.Attack.Expectation?.Draws ?? 1)
                + attack.Targets.Sum(target => (double)target.Draws + (attack.CurveDraws * (StepsOf(attack.Attack) + 1))))),
        ImportPayload import => new(Named(payload, import.Network), 1),
        _ => throw new ArgumentOutOfRangeException(nameof(payload), payload.KindName, "no such kind of job"),
    };

    static int StepsOf(AttackSpec? attack) => attack switch { null => 0, PgdSpec pgd => pgd.Steps, _ => 1 };

    static int Restarts(AttackSpec attack) => attack is PgdSpec pgd ? pgd.Restarts : 1;

    static string Named(JobPayload payload, NetworkShape network) => string.Create(CultureInfo.InvariantCulture,
        $"{payload.KindName} of {Name(network.Architecture)}{(network.Noise is NoNoiseSpec ? "" : " with weight noise")} on {payload.Compute.Device.ToString().ToLowerInvariant()}, {payload.Compute.Threads} thread(s)");

    static string Name(ArchitectureSpec architecture) => architecture switch
    {
        WideResNetSpec wide => string.Create(CultureInfo.InvariantCulture, $"wide-resnet-{wide.Depth}-{wide.Width}"),
        CifarResNetSpec cifar => string.Create(CultureInfo.InvariantCulture, $"resnet-{cifar.Depth}"),
        ResNet18Spec => "resnet-18",
        PreActResNet18Spec => "preact-resnet-18",
        _ => architecture.GetType().Name,
    };
}

/// <summary>A job that was computed, and how long it took.</summary>
public sealed record MeasuredWork(WorkUnits Work, double Seconds);
