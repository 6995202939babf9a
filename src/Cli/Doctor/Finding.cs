namespace KdRobust.Cli.Doctor;

/// <summary>How a part of this machine is.</summary>
enum Health
{
    /// <summary>As it should be.</summary>
    Fine,
    /// <summary>Works, but slower or with less than it could.</summary>
    Warning,
    /// <summary>Something will not work.</summary>
    Broken,
}

/// <summary>What was found, and what to do about it.</summary>
/// <param name="Part">E.g. <c>libtorch</c>.</param>
/// <param name="Health">How it is.</param>
/// <param name="Found">In one line.</param>
/// <param name="Remedy">What to do; null when there is nothing to do.</param>
sealed record Finding(string Part, Health Health, string Found, string? Remedy = null);
