using System.ComponentModel;

namespace KdRobust.Domain.Experiments;

/// <summary>Clean accuracy of a view.</summary>
public sealed record EvaluationSpec
{
    [Description("Name of the view.")]
    public required string View { get; init; }

    [Description("The first n test images.")]
    [Range(1, 10_000)]
    public required int Images { get; init; }
}

/// <summary>An attack crafted on one view and judged on others.</summary>
public sealed record TransferSpec
{
    [Description("The view the attack is crafted on. Crafting uses draws of it as the attack says, whatever its M.")]
    public required string Attacker { get; init; }

    public required AttackSpec Attack { get; init; }

    [Description("The views that are asked about the perturbed images, with fresh draws. May be empty when only the attacker's own curve over k is wanted.")]
    public required IReadOnlyList<string> Targets { get; init; }

    [Description("Fresh draws by which every target is asked about every iterate k, for its own curve over k; 0 measures no such curve.")]
    [Range(0, 10_000)]
    public required int CurveDraws { get; init; }

    [Description("The first n test images.")]
    [Range(1, 10_000)]
    public required int Images { get; init; }
}
