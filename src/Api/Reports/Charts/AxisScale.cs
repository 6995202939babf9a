namespace KdRobust.Api.Reports.Charts;

/// <summary>A linear axis whose ends and ticks are round numbers.</summary>
/// <param name="Minimum">Value at its beginning.</param>
/// <param name="Maximum">Value at its end; above <paramref name="Minimum"/>.</param>
/// <param name="Step">Distance of ticks; 1, 2 or 5 times a power of ten.</param>
sealed record AxisScale(double Minimum, double Maximum, double Step)
{
    /// <summary>The values at which ticks stand, both ends included where they are multiples of the step.</summary>
    public IEnumerable<double> Ticks
    {
        get
        {
            // By index: adding the step again and again would add up rounding errors.
            var first = (long)Math.Ceiling(Minimum / Step - 1e-9);
            var last = (long)Math.Floor(Maximum / Step + 1e-9);
            for (var i = first; i <= last; i++) yield return i * Step;
        }
    }

    /// <summary>
    /// The smallest round range that holds all values and <paramref name="always"/>, with at most
    /// <paramref name="ticks"/> + 1 ticks.
    /// </summary>
    /// <param name="values">What is drawn; those that are not finite are left out.</param>
    /// <param name="always">A value the axis must show, e.g. 0 for accuracies.</param>
    /// <param name="ticks">Steps at most; at least 2.</param>
    /// <param name="smallestStep">1 for counted quantities such as epochs.</param>
    public static AxisScale Around(IEnumerable<double> values, double always, int ticks, double smallestStep = 0)
    {
        double minimum = always, maximum = always;
        foreach (var value in values.Where(double.IsFinite)) (minimum, maximum) = (Math.Min(minimum, value), Math.Max(maximum, value));
        if (maximum <= minimum) maximum = minimum + (smallestStep > 0 ? smallestStep : 1);
        var step = Math.Max(RoundUp((maximum - minimum) / ticks), smallestStep);
        return new(Math.Floor(minimum / step + 1e-9) * step, Math.Ceiling(maximum / step - 1e-9) * step, step);
    }

    /// <summary>The same ticks, the range cut to what is counted: epochs 1 to 12 need no room up to 15.</summary>
    public AxisScale UpTo(double maximum) => this with { Maximum = Math.Max(Minimum + Step / 2, maximum) };

    /// <summary>Where a value stands between two coordinates.</summary>
    public double Position(double value, double from, double to) => from + (value - Minimum) / (Maximum - Minimum) * (to - from);

    /// <summary>The next of 1, 2, 5, 10, ... times a power of ten that is not below.</summary>
    static double RoundUp(double step)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(step)));
        return power * new[] { 1.0, 2, 5, 10 }.First(factor => factor * power >= step * (1 - 1e-9));
    }
}
