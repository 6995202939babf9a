using KdRobust.Cli.Client;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Demo;

/// <summary>A job of the demo: which, how it ended, and its seconds.</summary>
/// <param name="Id">The job's row.</param>
/// <param name="Key">Its key in the plan.</param>
/// <param name="Name">For people.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="State">How it ended.</param>
/// <param name="Attempts">Attempts it took.</param>
/// <param name="Seconds">Seconds of computing.</param>
/// <param name="WallSeconds">From its last start to its end.</param>
/// <param name="Worker">Who computed it.</param>
/// <param name="Fingerprint">What its numbers depend on.</param>
sealed record DemoJob(Guid Id, string Key, string Name, string Kind, JobState State, int Attempts, double? Seconds, double? WallSeconds, string? Worker, string Fingerprint);

/// <summary>What <c>kdr demo --json</c> prints.</summary>
/// <param name="Experiment">Its id.</param>
/// <param name="State">How it ended.</param>
/// <param name="Stored">True when nothing was computed now: the result of an earlier demo.</param>
/// <param name="SubmittedAt">When it was submitted.</param>
/// <param name="FinishedAt">When its last job ended.</param>
/// <param name="Dataset">The images.</param>
/// <param name="Synthetic">True when they are procedural.</param>
/// <param name="Name">The experiment's name, by which <c>kdr table FOLDER</c> finds a stored result.</param>
/// <param name="Fingerprint">Of the whole spec.</param>
/// <param name="Tables">Paper beside ours.</param>
/// <param name="Comparisons">Results compared on identical images.</param>
/// <param name="Figures">The curves.</param>
/// <param name="Records">Every number with all that is needed to judge it.</param>
/// <param name="Jobs">The jobs.</param>
/// <param name="Phases">Seconds of each phase of this call.</param>
/// <param name="Report">The HTML report.</param>
sealed record DemoOutcome(
    Guid Experiment, string Name, string Fingerprint, ExperimentState State, bool Stored, DateTimeOffset SubmittedAt, DateTimeOffset? FinishedAt, string Dataset, bool Synthetic,
    IReadOnlyList<ReportTable> Tables, IReadOnlyList<ReportComparison> Comparisons, IReadOnlyList<ReportFigure> Figures, IReadOnlyList<ResultRecord> Records, IReadOnlyList<DemoJob> Jobs,
    IReadOnlyDictionary<string, double> Phases, string Report)
{
    public static DemoOutcome Of(ExperimentDetail detail, ExperimentReport report, bool stored, IReadOnlyDictionary<string, double> phases, string file) => new(
        detail.Experiment.Id, report.Name, report.Fingerprint, detail.Experiment.State, stored, detail.Experiment.CreatedAt, detail.Jobs.Max(j => j.Job.FinishedAt), report.Dataset, report.Synthetic,
        report.Tables, report.Comparisons, report.Figures, report.Records,
        [.. detail.Jobs.Select(j => new DemoJob(
            j.Job.Id, j.Key, j.Job.Name, j.Job.Kind, j.Job.State, j.Job.Attempt, j.Job.Result?.Seconds,
            j.Job is { StartedAt: { } started, FinishedAt: { } finished } ? (finished - started).TotalSeconds : null, j.Job.Worker, j.Job.Fingerprint))],
        phases, file);
}
