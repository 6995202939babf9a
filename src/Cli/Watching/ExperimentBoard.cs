using KdRobust.Cli.Client;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Watching;

/// <summary>What is known of one job.</summary>
sealed record JobLine(Guid Id, string Key, string Name, string Kind, JobState State, int Attempt, string? Worker, JobProgress? Progress, string? Failure, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>Why it is in its state, in the service's words.</summary>
    public string Reason { get; init; } = "";
}

/// <summary>
/// What is known of an experiment that is watched. Its detail gives the jobs and their order; what became of them is told by
/// the stream alone, which begins with the whole history, so that nothing is told twice.
/// </summary>
sealed class ExperimentBoard
{
    readonly List<Guid> order;
    readonly Dictionary<Guid, JobLine> lines;

    public ExperimentBoard(ExperimentDetail detail)
    {
        Experiment = detail.Experiment;
        order = [.. detail.Jobs.Select(j => j.Job.Id).Distinct()];
        lines = detail.Jobs.DistinctBy(j => j.Job.Id).ToDictionary(j => j.Job.Id, j => new JobLine(
            j.Job.Id, j.Key, j.Job.Name, j.Job.Kind, JobState.Blocked, 0, null, null, null, null, null));
    }

    public ExperimentSummary Experiment { get; private set; }

    /// <summary>The jobs in the order of the plan.</summary>
    public IReadOnlyList<JobLine> Jobs => [.. order.Select(id => lines[id])];

    public int Ended => lines.Values.Count(line => line.State.IsTerminal());

    /// <summary>Takes a message in.</summary>
    /// <returns>The job as it was and as it is now; null when the message changed none.</returns>
    public (JobLine Before, JobLine After)? Take(ServiceMessage message)
    {
        switch (message)
        {
            case ExperimentChanged changed:
                Experiment = changed.Experiment;
                return null;
            case JobProgressed { Progress: var progress } when lines.TryGetValue(progress.JobId, out var line):
                return (line, lines[line.Id] = line with { Progress = progress.Progress });
            case JobChanged { State: var remark } when remark.From == remark.To:
                return null; // Something was noted about the job; it goes on as it does.
            case JobChanged { State: var state } when lines.TryGetValue(state.JobId, out var line) && (!line.State.IsTerminal() || state.From == line.State):
                return (line, lines[line.Id] = line with
                {
                    State = state.To,
                    Attempt = state.Attempt,
                    Worker = state.To == JobState.Running ? state.Worker : line.Worker,
                    Progress = state.To == JobState.Running ? line.Progress : null,
                    Failure = state.Failure?.Message ?? (state.To == JobState.Cancelled ? state.Reason : line.Failure),
                    Reason = state.Reason,
                    StartedAt = state.To == JobState.Running ? state.At : line.StartedAt,
                    FinishedAt = state.To.IsTerminal() ? state.At : null,
                });
            default:
                return null;
        }
    }
}
