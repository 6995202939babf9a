using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Watching;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr watch</c>: follows an experiment to its end; its exit code says how it ended.</summary>
static class WatchCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = ExperimentName.Explanation, DefaultValueFactory = _ => "@last" };
        var timeout = new Option<double?>("--timeout") { Description = "Give up watching after so many seconds (exit code 124); the experiment goes on", HelpName = "SECONDS" };
        var server = CommandContext.ServerOption();
        var command = new Command("watch", "Follow an experiment to its end; Ctrl-C only stops watching") { id, timeout, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            return await Watch(context, client, await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct), parsed.GetValue(timeout), ct);
        });
        return command;
    }

    /// <summary>Follows an experiment.</summary>
    /// <param name="context">Where it is shown.</param>
    /// <param name="client">Whose experiment.</param>
    /// <param name="experiment">Which.</param>
    /// <param name="timeout">Seconds to watch at most; null for as long as it takes.</param>
    /// <param name="ct">Ctrl-C: stops watching, not the experiment.</param>
    /// <returns>The exit code of its end.</returns>
    public static async Task<int> Watch(CommandContext context, ServiceClient client, Guid experiment, double? timeout, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        if (timeout is { } seconds) limit.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            var detail = await Watcher.Watch(client, experiment, context.Terminal, limit.Token);
            context.Terminal.Say(Watcher.WhyFailed(detail) ?? $"{detail.Experiment.Name} {detail.Experiment.State.ToString().ToLowerInvariant()}; its tables: ./kdr table {ExperimentName.Short(experiment)}");
            return Watcher.ExitCodeOf(detail.Experiment);
        }
        catch (OperationCanceledException)
        {
            context.Terminal.Say($"stopped watching; the experiment goes on: ./kdr watch {ExperimentName.Short(experiment)}");
            if (ct.IsCancellationRequested) return ExitCode.Interrupted;
            throw new CommandFailedException(ExitCode.TimedOut, string.Create(CultureInfo.InvariantCulture, $"not ended within {timeout} s"));
        }
    }
}
