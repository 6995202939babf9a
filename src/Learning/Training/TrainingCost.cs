using KdRobust.Domain.Experiments;
using KdRobust.Learning.Distillation;

namespace KdRobust.Learning.Training;

/// <summary>
/// How much of a training's work is done, for the estimate of the time left: an adversarial epoch costs several clean ones.
/// Counted in forward passes of one epoch's images, a backward pass as two and an input gradient as one.
/// </summary>
internal static class TrainingCost
{
    const double TrainingPass = 3;

    /// <summary>Cost of the first <paramref name="epochs"/> epochs, which may end inside one.</summary>
    public static double Of(TrainingSpec spec, double epochs)
    {
        var asked = spec.Distillation?.Labels is OnlineLabelsSpec online ? online.Draws : 0;
        var cleanEpoch = TrainingPass + asked;
        if (spec.Adversarial is not { } adversarial) return epochs * cleanEpoch;
        var loss = TrainingLoss.Of(spec, adversarial.FromEpoch);
        if (!loss.NeedsPerturbed) return epochs * cleanEpoch;
        var cleanEpochs = Math.Min(epochs, adversarial.FromEpoch);
        var passes = loss.NeedsClean ? 2 : 1;
        var adversarialEpoch = (passes * TrainingPass) + CostOf(adversarial.Attack) + (loss.TeacherOnPerturbed ? 2 * asked : asked);
        return (cleanEpochs * cleanEpoch) + ((epochs - cleanEpochs) * adversarialEpoch);
    }

    static double CostOf(AttackSpec attack) => (attack is PgdSpec pgd ? pgd.Steps * pgd.Restarts : 1) * attack.Expectation switch
    {
        null or { Draws: 1 } => 2,
        { Of: ExpectationOf.MeanLoss } mean => 2 * mean.Draws,
        // The mean must be known before any draw's share of the gradient is.
        var lossOfMean => 3 * lossOfMean.Draws,
    };
}
