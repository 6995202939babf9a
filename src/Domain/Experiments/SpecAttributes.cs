namespace KdRobust.Domain.Experiments;

/// <summary>The closed interval a number of the spec must lie in. Read by the schema and by the reader, so both say the same.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class RangeAttribute(double minimum, double maximum) : Attribute
{
    public double Minimum { get; } = minimum;
    public double Maximum { get; } = maximum;

    /// <summary>True when <see cref="Minimum"/> itself is refused.</summary>
    public bool ExclusiveMinimum { get; init; }

    /// <summary>True when <paramref name="value"/> is finite and inside.</summary>
    public bool Contains(double value) =>
        double.IsFinite(value) && value <= Maximum && (ExclusiveMinimum ? value > Minimum : value >= Minimum);

    /// <summary>The interval in words, e.g. <c>1 to 4096</c>.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{(ExclusiveMinimum ? "above " : "")}{Minimum} to {(Maximum >= long.MaxValue ? "2^63-1" : Maximum.ToString("R", System.Globalization.CultureInfo.InvariantCulture))}");
}

/// <summary>The regular expression a text of the spec must match.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class PatternAttribute(string expression) : Attribute
{
    public string Expression { get; } = expression;
}
