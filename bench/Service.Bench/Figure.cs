namespace KdRobust.Service.Bench;

/// <summary>One measured number beside what was asked of it.</summary>
/// <param name="Value">What was measured.</param>
/// <param name="Unit">Of the value and its target.</param>
/// <param name="AtLeast">The target where more is better; else null.</param>
/// <param name="AtMost">The target where less is better; else null.</param>
/// <param name="Says">What exactly was measured.</param>
sealed record Figure(double Value, string Unit, double? AtLeast, double? AtMost, string Says)
{
    /// <summary>True when the target is kept.</summary>
    public bool Pass => (AtLeast is not { } least || Value >= least) && (AtMost is not { } most || Value <= most);

    /// <summary>A number that must not be smaller than its target.</summary>
    public static Figure Least(double value, string unit, double target, string says) => new(Rounded(value), unit, target, null, says);

    /// <summary>A number that must not be larger than its target.</summary>
    public static Figure Most(double value, string unit, double target, string says) => new(Rounded(value), unit, null, target, says);

    /// <summary>Four significant decimals are all a noisy machine can give.</summary>
    public static double Rounded(double value) => double.IsFinite(value) ? Math.Round(value, 4) : value;
}

/// <summary>What one subject found.</summary>
/// <param name="Ratios">Ours over the raw path, by the names the issue gives them.</param>
/// <param name="Figures">Every number with a target, by name; the ratios are among them.</param>
/// <param name="Rows">What stands behind them, as measured.</param>
sealed record Outcome(IReadOnlyDictionary<string, double> Ratios, IReadOnlyDictionary<string, Figure> Figures, object Rows)
{
    /// <summary>Figures alone, none of them a ratio the issue names.</summary>
    public static Outcome Of(object rows, params IReadOnlyList<(string Name, Figure Figure)> figures) =>
        new(new Dictionary<string, double>(StringComparer.Ordinal), figures.ToDictionary(f => f.Name, f => f.Figure, StringComparer.Ordinal), rows);

    /// <summary>Makes some of the figures ratios.</summary>
    public Outcome WithRatios(params IReadOnlyList<string> names) => this with { Ratios = names.ToDictionary(name => name, name => Figures[name].Value, StringComparer.Ordinal) };
}
