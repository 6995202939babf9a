using System.Text.Json.Serialization;

namespace KdRobust.Domain.Reports;

/// <summary>A point of a curve.</summary>
/// <param name="X">In the units of the panel's axis.</param>
/// <param name="Y">In per cent, of what the panel's y axis says.</param>
/// <param name="Lower">95 % bound, per cent.</param>
/// <param name="Upper">95 % bound, per cent.</param>
/// <param name="Images">n.</param>
public sealed record ReportPoint(double X, double Y, double Lower, double Upper, int Images);

/// <summary>A line; empty while its job has measured nothing.</summary>
public sealed record ReportSeries(string Label, IReadOnlyList<ReportPoint> Points);

/// <summary>What a panel's x axis counts.</summary>
public enum ReportAxis
{
    /// <summary>Epochs of training.</summary>
    Epoch,
    /// <summary>Iterations k of an attack.</summary>
    [JsonStringEnumMemberName("k")]
    Iteration,
    /// <summary>Radius of the linf ball, in 1/255.</summary>
    EpsilonLinf,
    /// <summary>Radius of the l2 ball, in pixel units.</summary>
    EpsilonL2,
}

/// <summary>What a panel's y axis counts, in per cent.</summary>
public enum ReportMeasure
{
    /// <summary>Images answered rightly.</summary>
    Accuracy,
    /// <summary>Images about which student and teacher give the same class.</summary>
    TeacherAgreement,
}

/// <summary>One pair of axes.</summary>
/// <param name="Title">Above it.</param>
/// <param name="XAxis">What x counts.</param>
/// <param name="YAxis">What y counts.</param>
/// <param name="Series">Its lines.</param>
public sealed record ReportPanel(string Title, ReportAxis XAxis, ReportMeasure YAxis, IReadOnlyList<ReportSeries> Series);

/// <summary>A figure: panels side by side.</summary>
public sealed record ReportFigure(string Id, string Title, IReadOnlyList<ReportPanel> Panels);
