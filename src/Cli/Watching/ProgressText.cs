using System.Globalization;
using KdRobust.Cli.Output;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Watching;

/// <summary>Where a run is, in words.</summary>
static class ProgressText
{
    /// <summary>E.g. <c>epoch 3.4/12</c>; images and draws without fractions.</summary>
    public static string Where(JobProgress p)
    {
        var done = p.Done.ToString(p.Unit == "epoch" ? "0.0" : "0", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{p.Phase} {p.Unit} {done}/{p.Total:0}");
    }

    public static string Loss(JobProgress p) => p.Loss is { } loss ? loss.ToString("0.000", CultureInfo.InvariantCulture) : "";

    public static string Accuracy(JobProgress p) => p.Accuracy is { } accuracy ? (100 * accuracy).ToString("0.0' %'", CultureInfo.InvariantCulture) : "";

    public static string Speed(JobProgress p) => p.ImagesPerSecond is { } speed ? speed.ToString(speed < 10 ? "0.0" : "0", CultureInfo.InvariantCulture) : "";

    public static string Left(JobProgress p) => p.SecondsLeft is { } seconds ? Durations.Text(seconds) : "";

    /// <summary>All of it in one line.</summary>
    public static string Line(JobProgress p) => string.Join(", ", new[]
    {
        Where(p), p.Loss is null ? "" : $"loss {Loss(p)}", p.Accuracy is null ? "" : $"accuracy {Accuracy(p)}", p.ImagesPerSecond is null ? "" : $"{Speed(p)} images/s",
        p.SecondsLeft is null ? "" : $"{Left(p)} left",
    }.Where(part => part.Length > 0));
}
