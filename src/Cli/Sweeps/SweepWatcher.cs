using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Jobs;

namespace KdRobust.Cli.Sweeps;

/// <summary>Follows a sweep to its end: one line whenever its counts change.</summary>
static class SweepWatcher
{
    /// <summary>Follows it.</summary>
    /// <returns>The sweep as it ended.</returns>
    public static async Task<SweepSummary> Watch(ServiceClient client, Guid sweep, Terminal terminal, CancellationToken ct)
    {
        var told = "";
        await foreach (var message in new ExperimentEvents(client, TimeProvider.System).Follow($"sweep:{sweep}", ct))
        {
            if (message is StreamInterrupted broken) terminal.Say($"not live: {broken.Reason}; connecting again");
            if (message is not SweepChanged { Sweep: var now }) continue;
            var line = Line(now);
            if (line != told) terminal.Say(told = line);
            if (now.HasEnded) return now;
        }
        throw new CommandFailedException(ExitCode.Unreachable, "the stream of events ended before the sweep did");
    }

    /// <summary>E.g. <c>[3/12] rung 1: 3 succeeded, 1 running, 8 queued; jobs 9/36</c>.</summary>
    public static string Line(SweepSummary sweep)
    {
        var ended = sweep.Points.Where(entry => entry.Key is ExperimentState.Succeeded or ExperimentState.Failed or ExperimentState.Cancelled).Sum(entry => entry.Value);
        var rung = sweep.Rungs.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $"rung {sweep.Rungs[^1].Rung + 1}: ") : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"[{ended}/{sweep.Points.Values.Sum()}] {rung}{Counts(sweep.Rungs[^1].Points)}; jobs {sweep.JobCounts.Where(j => j.Key.IsTerminal()).Sum(j => j.Value)}/{sweep.JobCounts.Values.Sum()}");
    }

    /// <summary>E.g. <c>3 succeeded, 1 failed</c>.</summary>
    public static string Counts(IReadOnlyDictionary<ExperimentState, int> points) => string.Join(", ",
        points.OrderByDescending(entry => entry.Key is ExperimentState.Succeeded).ThenBy(entry => entry.Key)
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Value} {entry.Key.ToString().ToLowerInvariant()}")));

    /// <summary>What an ended sweep means for the exit code.</summary>
    public static int ExitCodeOf(SweepSummary sweep) => sweep.State switch
    {
        ExperimentState.Succeeded => ExitCode.Done,
        ExperimentState.Cancelled => ExitCode.Cancelled,
        _ => ExitCode.WatchedFailed,
    };
}
