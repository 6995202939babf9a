using System.Globalization;
using KdRobust.Domain.Experiments;
using static KdRobust.Api.Reports.Setup.SpecWords;

namespace KdRobust.Api.Reports.Setup;

/// <summary>Attacks, in words.</summary>
static class AttackWords
{
    public static string Of(AttackSpec attack) => attack switch
    {
        FgsmSpec => Join(", ", $"FGSM in {Ball(attack)}", Objective(attack)),
        PgdSpec pgd => Join(", ",
            $"PGD-{pgd.Steps.ToString(CultureInfo.InvariantCulture)} in {Ball(attack)}", $"step {pgd.StepSize}", pgd.RandomStart ? "random start" : "from the clean image",
            pgd.Restarts == 1 ? "one run" : string.Create(CultureInfo.InvariantCulture, $"{pgd.Restarts} restarts (worst counts)"),
            Objective(attack), pgd.Gradient == StepGradient.Fresh ? "fresh gradients" : "accumulated gradients", Keep(pgd)),
        _ => throw new ArgumentOutOfRangeException(nameof(attack), attack.GetType().Name, "no words for this attack"),
    };

    static string Ball(AttackSpec attack) => $"the {Kebab(attack.Norm)} ball ε = {attack.Epsilon}";

    static string Objective(AttackSpec attack) => Join(", ",
        $"on {Loss(attack.Loss)}",
        attack.Target switch
        {
            AttackTarget.None => "untargeted", AttackTarget.Next => "towards the next class", AttackTarget.Random => "towards a random class", _ => "towards the least likely class",
        },
        attack.Expectation is { } e
            ? string.Create(CultureInfo.InvariantCulture, $"{e.Draws} draws a gradient ({Of(e.Of)})")
            : "one draw a gradient");

    static string Of(ExpectationOf of) => of switch
    {
        ExpectationOf.MeanLoss => "mean of their losses", ExpectationOf.MeanProbability => "loss of their mean probability", _ => "loss of their mean logit",
    };

    static string Loss(AttackLoss loss) => loss switch
    {
        AttackLoss.CrossEntropy => "cross-entropy", AttackLoss.Margin => "the margin of the logits", AttackLoss.Dlr => "the difference-of-logits ratio",
        AttackLoss.Kl => "the divergence from the clean answer", AttackLoss.Distillation => "the distance from the teacher's answer",
        _ => throw new ArgumentOutOfRangeException(nameof(loss), loss, "no words for this loss"),
    };

    static string Keep(PgdSpec attack) => attack.Keep switch
    {
        KeepIterate.Last => "last iterate kept" + Selecting(attack),
        KeepIterate.Best => string.Create(CultureInfo.InvariantCulture, $"best iterate kept, by mean margin over {attack.SelectingDraws} fresh draw(s)"),
        KeepIterate.Frozen => "frozen at the first error" + Selecting(attack),
        _ => throw new ArgumentOutOfRangeException(nameof(attack), attack.Keep, "no words for this choice"),
    };

    // Restarts are compared by selecting draws whichever iterate each of them keeps.
    static string Selecting(PgdSpec attack) => string.Create(CultureInfo.InvariantCulture, $" ({attack.SelectingDraws} selecting draw(s) {(attack.Restarts > 1 ? "compare restarts" : "unused")})");
}
