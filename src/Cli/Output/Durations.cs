using System.Globalization;

namespace KdRobust.Cli.Output;

/// <summary>Times in words.</summary>
static class Durations
{
    /// <summary>E.g. <c>8.3 s</c>, <c>2 min 05 s</c>, <c>1 h 20 min</c>.</summary>
    public static string Text(double seconds) => seconds switch
    {
        < 0 => "0 s",
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s"),
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60} min {(int)seconds % 60:00} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 3600} h {(int)seconds % 3600 / 60:00} min"),
    };

    /// <summary>A day and hour of this machine's clock.</summary>
    public static string Date(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}
