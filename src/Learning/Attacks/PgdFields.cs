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
        Check(spec);
        return spec;
    }

    static void Check(PgdSpec spec)
    {
        var widest = spec.Norm == AttackNorm.Linf ? 1 : 100;
        Within("epsilon", spec.Epsilon, widest);
        Within("stepSize", spec.StepSize, 100);
        AtLeastOne("steps", spec.Steps);
        AtLeastOne("restarts", spec.Restarts);
        AtLeastOne("selectingDraws", spec.SelectingDraws);
        if (spec.Expectation is { } expectation) AtLeastOne("expectation.draws", expectation.Draws);
        if (spec is { Loss: AttackLoss.Kl, RandomStart: false })
            throw Refused("attack.loss kl needs attack.randomStart, which fgsm has not: the divergence from the clean prediction has no gradient at the clean image");
        if (spec is { Loss: AttackLoss.Kl or AttackLoss.Distillation, Target: not AttackTarget.None })
            throw Refused($"attack.target is {spec.Target}, but the loss {spec.Loss} names no class to aim at: use cross-entropy, margin or dlr");
        if (spec is { Keep: KeepIterate.Frozen, Restarts: > 1 })
            throw Refused($"attack.restarts is {spec.Restarts}, but an image that is frozen at its first error has no further run: use 1, or keep: best");
    }

    static void Within(string field, Fraction value, int most)
    {
        if (!(value.Value >= 0 && value.Value <= most)) throw Refused($"attack.{field} is {value}, expected 0 to {most} in pixel units");
    }

    static void AtLeastOne(string field, int value)
    {
        if (value < 1) throw Refused($"attack.{field} is {value}, expected 1 or more");
    }

    static ArgumentException Refused(string message) => new(message, "attack");
}
