using System.Globalization;
using KdRobust.Cli.Output;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Watching;

/// <summary>One line for each change of state and each epoch, at most one every 10 s for what counts in smaller units.</summary>
sealed class PlainView(TextWriter output, TimeProvider time) : IWatchView
{
    static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    readonly Dictionary<Guid, (double Done, long At)> told = [];

    public void Changed(ExperimentBoard board, (JobLine Before, JobLine After)? change)
    {
        if (change is not var (before, after)) return;
        if (before.State != after.State || before.Attempt != after.Attempt) State(board, before, after);
        else if (after.Progress is { } progress && IsDue(after.Id, progress.Done, progress.Unit)) output.WriteLine($"{after.Name}: {ProgressText.Line(progress)}");
    }

    public void Say(string line) => output.WriteLine(line);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    void State(ExperimentBoard board, JobLine before, JobLine after)
    {
        var count = string.Create(CultureInfo.InvariantCulture, $"[{board.Ended}/{board.Jobs.Count}] ");
        switch (after.State)
        {
            case JobState.Running:
                output.WriteLine($"{count}{after.Name}: started on {after.Worker}{(after.Attempt > 1 ? string.Create(CultureInfo.InvariantCulture, $", attempt {after.Attempt}") : "")}");
                break;
            case JobState.Succeeded:
                output.WriteLine($"{count}{after.Name}: done{Took(after)}");
                break;
            case JobState.Failed or JobState.Cancelled:
                output.WriteLine($"{count}{after.Name}: {after.State.ToString().ToUpperInvariant()}: {after.Failure}");
                break;
            case JobState.Queued when before.State == JobState.Running:
                output.WriteLine($"{count}{after.Name}: {GivenBack(after)}");
                break;
            case JobState.Queued or JobState.Blocked when before.State.IsTerminal():
                output.WriteLine($"{count}{after.Name}: {after.Reason}");
                break;
            case JobState.Paused:
                output.WriteLine($"{count}{after.Name}: {after.Reason}; ./kdr resume {after.Id} lets it go on");
                break;
        }
        told.Remove(after.Id);
    }

    /// <summary>Why a job that ran is in the queue again.</summary>
    internal static string GivenBack(JobLine job) => job.Reason.Length > 0 ? $"{job.Reason}; goes on from its last checkpoint" : "given back, will go on from its last checkpoint";

    internal static string Took(JobLine job) =>
        job is { StartedAt: { } started, FinishedAt: { } finished } ? $" in {Durations.Text((finished - started).TotalSeconds)}" : "";

    bool IsDue(Guid job, double done, string unit)
    {
        var known = told.TryGetValue(job, out var last);
        var due = !known || (unit == "epoch" && Math.Floor(done) > Math.Floor(last.Done)) || time.GetElapsedTime(last.At) >= Between;
        if (due) told[job] = (done, time.GetTimestamp());
        return due;
    }
}
