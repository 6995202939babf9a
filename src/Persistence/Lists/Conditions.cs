using System.Globalization;

namespace KdRobust.Persistence.Lists;

/// <summary>What a list's rows must fulfil, as SQL with positional parameters; what is not asked for restricts nothing.</summary>
sealed class Conditions
{
    readonly List<string> parts = [];
    readonly List<object?> values = [];

    /// <summary>Values of the parameters, in order.</summary>
    public object?[] Values => [.. values];

    /// <summary>Adds a parameter and returns its name.</summary>
    public string Value(object value)
    {
        values.Add(value);
        return string.Create(CultureInfo.InvariantCulture, $"${values.Count}");
    }

    /// <summary>Adds a condition without parameters.</summary>
    public void Add(string sql) => parts.Add(sql);

    /// <summary>Adds a condition on one parameter, written {0}; nothing when it is null.</summary>
    public void Add(string sql, object? value)
    {
        if (value is not null) parts.Add(sql.Replace("{0}", Value(value), StringComparison.Ordinal));
    }

    /// <summary>Adds the condition that a column equals a value; nothing when it is null.</summary>
    public void Equal(string column, object? value) => Add($"{column} = {{0}}", value);

    /// <summary>Adds the condition that a column holds a text somewhere, whatever the case; nothing when it is null.</summary>
    public void Contains(string column, string? text) => Add($"{column} ILIKE {{0}}", text is null ? null : $"%{Literal(text)}%");

    /// <inheritdoc/>
    public override string ToString() => parts.Count == 0 ? "true" : string.Join(" AND ", parts);

    static string Literal(string text) => text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal);
}
