using static KdRobust.Domain.Experiments.SpecRules;

namespace KdRobust.Domain.Experiments;

/// <summary>What must hold inside an attack.</summary>
internal static class AttackRules
{
    /// <param name="found">Where problems go.</param>
    /// <param name="attack">The attack.</param>
    /// <param name="path">Its path.</param>
    /// <param name="distilled">True inside a distilled training, where the teacher's answers are at hand.</param>
    public static void Check(SpecFindings found, AttackSpec attack, string path, bool distilled)
    {
        if (attack is { Norm: AttackNorm.Linf, Epsilon.Value: > 1 })
            found.Add($"{path}.epsilon", "an linf ball of this radius holds every image", attack.Epsilon.Text, "0 to 1 in pixel units, e.g. \"8/255\"");
        if (attack.Loss == AttackLoss.Distillation && !distilled)
            found.Add($"{path}.loss", "there is no teacher whose answers this loss could move away from", "distillation", "another loss; this one is for the attack of a distilled training");
        if (attack.Target != AttackTarget.None && attack.Loss is AttackLoss.Kl or AttackLoss.Distillation)
            found.Add($"{path}.target", "this loss names no class to aim at", attack.Target.ToString().ToLowerInvariant(), "none, or the loss cross-entropy, margin or dlr");
        if (attack is FgsmSpec { Loss: AttackLoss.Kl })
            found.Add($"{path}.loss", "the divergence from the clean prediction has no gradient at the clean image, where fgsm starts", "kl", "another loss, or pgd with randomStart: true");
        if (attack is PgdSpec pgd) CheckPgd(found, pgd, path);
    }

    static void CheckPgd(SpecFindings found, PgdSpec attack, string path)
    {
        if (attack.Epsilon.Value > 0 && attack.StepSize.Value == 0)
            found.Add($"{path}.stepSize", "an attack with a ball needs a step", "0", "above 0, e.g. \"2/255\"");
        if (attack is { Loss: AttackLoss.Kl, RandomStart: false })
            found.Add($"{path}.randomStart", "the divergence from the clean prediction has no gradient at the clean image", "false", "true, or another loss");
        if (attack.Restarts > 1 && !attack.RandomStart)
            found.Add($"{path}.restarts", "every restart would begin at the same point", Number(attack.Restarts), "1, or randomStart: true");
        if (attack is { Keep: KeepIterate.Frozen, Restarts: > 1 })
            found.Add($"{path}.restarts", "an image that is frozen at its first error has no further run", Number(attack.Restarts), "1, or keep: best");
    }
}
