using System.ComponentModel;
using System.Text.Json.Serialization;

namespace KdRobust.Domain.Experiments;

/// <summary>A table of the report: rows of labels and accuracies, the paper's beside ours. Changes no fingerprint.</summary>
public sealed record TableSpec
{
    [Pattern("^[a-z0-9][a-z0-9-]{0,49}$")]
    public required string Id { get; init; }

    public required string Title { get; init; }

    [Description("Headings of the label columns, e.g. [\"Attack model\", \"Target model\"].")]
    public required IReadOnlyList<string> Labels { get; init; }

    [Description("Headings of the number columns, e.g. [\"Clean\", \"PGD-10\"].")]
    public required IReadOnlyList<string> Columns { get; init; }

    public required IReadOnlyList<TableRowSpec> Rows { get; init; }
}

/// <summary>One row of a table.</summary>
public sealed record TableRowSpec
{
    public required IReadOnlyList<string> Labels { get; init; }

    public required IReadOnlyList<TableCellSpec> Cells { get; init; }
}

/// <summary>One number of a table.</summary>
public sealed record TableCellSpec
{
    [Description("Result id: an evaluation's name, or '<transfer>/<target view>'.")]
    public required string Result { get; init; }

    [Description("The paper's accuracy in per cent, or null where it has none.")]
    [Range(0, 100)]
    public required double? Paper { get; init; }
}

/// <summary>A figure of the report: panels side by side.</summary>
public sealed record FigureSpec
{
    [Pattern("^[a-z0-9][a-z0-9-]{0,49}$")]
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required IReadOnlyList<PanelSpec> Panels { get; init; }
}

/// <summary>One pair of axes; y is accuracy, or agreement with the teacher, in per cent.</summary>
public sealed record PanelSpec
{
    public required string Title { get; init; }

    public required IReadOnlyList<SeriesSpec> Series { get; init; }
}

/// <summary>One line of a panel.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(EpochSeriesSpec), "epochs")]
[JsonDerivedType(typeof(StepSeriesSpec), "steps")]
[JsonDerivedType(typeof(TargetStepSeriesSpec), "target-steps")]
[JsonDerivedType(typeof(EpsilonSeriesSpec), "epsilons")]
[JsonDerivedType(typeof(TeacherAgreementSeriesSpec), "teacher-agreement")]
public abstract record SeriesSpec
{
    public required string Label { get; init; }
}

/// <summary>Monitored accuracy over epochs (Figures 1-3).</summary>
public sealed record EpochSeriesSpec : SeriesSpec
{
    public required string Model { get; init; }

    public required MonitoredAccuracy Accuracy { get; init; }
}

/// <summary>Which monitored curve.</summary>
public enum MonitoredAccuracy { Clean, Adversarial }

/// <summary>The attacker's own accuracy over iterations k = 0..K (Figures 4-6).</summary>
public sealed record StepSeriesSpec : SeriesSpec
{
    public required string Transfer { get; init; }

    [Description("'survivors': images no iterate up to k has fooled, as the paper draws it; 'current': accuracy at iterate k, one draw.")]
    public required StepCurve Curve { get; init; }
}

/// <summary>A target's accuracy over the iterates k = 0..K of a transfer, with fresh draws.</summary>
public sealed record TargetStepSeriesSpec : SeriesSpec
{
    [Description("The transfer; its curveDraws is above 0.")]
    public required string Transfer { get; init; }

    [Description("One of its targets.")]
    public required string Target { get; init; }
}

/// <summary>Accuracy over the radius of the attack.</summary>
public sealed record EpsilonSeriesSpec : SeriesSpec
{
    [Description("Results of transfers, '<transfer>/<target view>'; each is a point at its attack's epsilon.")]
    public required IReadOnlyList<string> Results { get; init; }
}

/// <summary>Share of the clean training images about which student and teacher give the same class, each image with its own label, over epochs; measured in the training's forward passes.</summary>
public sealed record TeacherAgreementSeriesSpec : SeriesSpec
{
    [Description("A distilled model.")]
    public required string Model { get; init; }
}

/// <summary>Which curve over k.</summary>
public enum StepCurve { Survivors, Current }

/// <summary>Two results compared on identical images.</summary>
public sealed record ComparisonSpec
{
    [Pattern("^[a-z0-9][a-z0-9-]{0,49}$")]
    public required string Id { get; init; }

    public required string Title { get; init; }

    [Description("Result id.")]
    public required string First { get; init; }

    [Description("Result id; of as many images.")]
    public required string Second { get; init; }

    [Description("The test.")]
    public required ComparisonTestSpec Test { get; init; }
}

/// <summary>How two results are compared.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(McNemarSpec), "mcnemar")]
[JsonDerivedType(typeof(EquivalenceSpec), "equivalence")]
public abstract record ComparisonTestSpec;

/// <summary>Are they different? The exact paired test of McNemar (1947), two-sided.</summary>
public sealed record McNemarSpec : ComparisonTestSpec;

/// <summary>Are they the same within a margin? Two one-sided paired tests (Schuirmann 1987), each at 5 %.</summary>
public sealed record EquivalenceSpec : ComparisonTestSpec
{
    [Description("The margin in points of accuracy.")]
    [Range(0, 100, ExclusiveMinimum = true)]
    public required double Margin { get; init; }
}
