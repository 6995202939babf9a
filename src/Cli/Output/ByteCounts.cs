using System.Globalization;

namespace KdRobust.Cli.Output;

/// <summary>Lengths of files in words.</summary>
static class ByteCounts
{
    /// <summary>E.g. <c>17 B</c>, <c>1.1 MB</c>, <c>2.5 GB</c>; powers of 1000.</summary>
    public static string Text(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB"),
    };
}
