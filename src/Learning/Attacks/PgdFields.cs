using KdRobust.Domain.Experiments;

namespace KdRobust.Learning.Attacks;

/// <summary>Every gradient attack as the fields of PGD, with the fields that make no attack refused by name.</summary>
internal static class PgdFields
{
    /// <summary>The attack itself, or FGSM as one step of the whole radius from the clean image.</summary>
    /// <exception cref="ArgumentException">A field makes no attack.</exception>
    public static PgdSpec Of(AttackSpec attack)
    {
        var spec = attack switch
        {
            PgdSpec pgd => pgd,
            FgsmSpec fgsm => new PgdSpec
            {
                Norm = fgsm.Norm, Epsilon = fgsm.Epsilon, Loss = fgsm.Loss, Target = fgsm.Target, Expectation = fgsm.Expectation,
                StepSize = fgsm.Epsilon, Steps = 1, Restarts = 1, RandomStart = false, Gradient = StepGradient.Fresh, Keep = KeepIterate.Last, SelectingDraws = 1,
            },
            _ => throw new ArgumentException($"attack is {attack.GetType().Name}, expected pgd or fgsm", nameof(attack)),
        };
        return Problem(spec) is { } problem ? throw new ArgumentException(problem, nameof(attack)) : spec;
    }

    // The first field that makes no attack, or null.
    static string? Problem(PgdSpec spec) =>
        Within("epsilon", spec.Epsilon, spec.Norm == AttackNorm.Linf ? 1 : 100)
        ?? Within("stepSize", spec.StepSize, 100)
        ?? AtLeastOne("steps", spec.Steps)
        ?? AtLeastOne("restarts", spec.Restarts)
        ?? AtLeastOne("selectingDraws", spec.SelectingDraws)
        ?? AtLeastOne("expectation.draws", spec.Expectation?.Draws ?? 1)
        ?? spec switch
        {
            { Loss: AttackLoss.Kl, RandomStart: false } =>
                "attack.loss kl needs attack.randomStart, which fgsm has not: the divergence from the clean prediction has no gradient at the clean image",
            { Loss: AttackLoss.Kl or AttackLoss.Distillation, Target: not AttackTarget.None } =>
                $"attack.target is {spec.Target}, but the loss {spec.Loss} names no class to aim at: use cross-entropy, margin or dlr",
            { Keep: KeepIterate.Frozen, Restarts: > 1 } =>
                $"attack.restarts is {spec.Restarts}, but an image that is frozen at its first error has no further run: use 1, or keep: best",
            _ => null,
        };

    static string? Within(string field, Fraction value, int most) =>
        value.Value >= 0 && value.Value <= most ? null : $"attack.{field} is {value}, expected 0 to {most} in pixel units";

    static string? AtLeastOne(string field, int value) => value >= 1 ? null : $"attack.{field} is {value}, expected 1 or more";
}
