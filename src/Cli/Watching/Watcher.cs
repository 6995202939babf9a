using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Watching;

/// <summary>Follows an experiment to its end and shows it on the way.</summary>
static class Watcher
{
    /// <summary>Shows until every job has ended.</summary>
    /// <returns>The experiment as it ended.</returns>
    public static async Task<ExperimentDetail> Watch(ServiceClient client, Guid experiment, Terminal terminal, CancellationToken ct)
    {
        var board = new ExperimentBoard(await client.Experiment(experiment, ct));
        if (board.Experiment.HasEnded) return await client.Experiment(experiment, ct);
        await using (IWatchView view = terminal.IsInteractive ? new LiveView(terminal.Error, () => Console.WindowWidth, Environment.GetEnvironmentVariable("NO_COLOR") is null or "") : new PlainView(terminal.Error, TimeProvider.System))
        {
            var history = true;
            await foreach (var message in new ExperimentEvents(client, TimeProvider.System).Follow(experiment, ct))
            {
                if (message is StreamInterrupted broken)
                {
                    view.Say($"not live: {broken.Reason}; connecting again");
                    continue;
                }
                var change = board.Take(message);
                if (!history) view.Changed(board, change);
                else if (message is ExperimentChanged)
                {
                    // The first summary ends the history: what runs now and what has failed is news, how it came to that is not.
                    history = false;
                    view.Changed(board, null);
                    foreach (var job in board.Jobs.Where(j => j.State is JobState.Running or JobState.Failed)) view.Changed(board, (job with { State = JobState.Queued }, job));
                }
                if (board.Experiment.HasEnded) break;
            }
        }
        return await client.Experiment(experiment, ct);
    }

    /// <summary>What an ended experiment means for the exit code.</summary>
    public static int ExitCodeOf(ExperimentSummary experiment) => experiment.State switch
    {
        ExperimentState.Succeeded => ExitCode.Done,
        ExperimentState.Cancelled => ExitCode.Cancelled,
        _ => ExitCode.WatchedFailed,
    };

    /// <summary>The first cause of a failed experiment, what of it still is good, and what to do.</summary>
    public static string? WhyFailed(ExperimentDetail detail)
    {
        var failed = detail.Jobs.Where(j => j.Job.State == JobState.Failed).OrderBy(j => j.Job.FinishedAt).ToList();
        if (failed.Count == 0) return null;
        var (job, id) = (failed[0].Job, failed[0].Job.Id);
        var succeeded = detail.Jobs.Count(j => j.Job.State == JobState.Succeeded);
        return string.Create(CultureInfo.InvariantCulture, $"{job.Name} failed (attempt {job.Attempt} of {job.MaxAttempts}): {job.Failure?.Message}\n")
            + $"kept: {succeeded} of {detail.Jobs.Count} jobs with their results, and what {job.Name} had stored\n"
            + $"next: ./kdr logs {id}   try it again: ./kdr retry {id}   change the spec: ./kdr rerun {ExperimentName.Short(detail.Experiment.Id)} --set PATH=VALUE";
    }
}
