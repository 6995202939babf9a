using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr cancel</c>: an experiment, or one job.</summary>
static class CancelCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = $"{ExperimentName.Explanation}; or a job's id" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Cancel a job although other experiments use it" };
        var server = CommandContext.ServerOption();
        var command = new Command("cancel", "Cancel an experiment or a job; jobs that other experiments use go on") { id, yes, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var target = await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct);
            try
            {
                Say(context, await client.CancelExperiment(target, ct));
            }
            catch (CommandFailedException missing) when (missing.ExitCode == ExitCode.NotFound && Guid.TryParse(parsed.GetValue(id), out var job))
            {
                var done = await client.CancelJob(job, parsed.GetValue(yes), ct);
                context.Terminal.Say(done.Outcome switch
                {
                    "requested" => "its worker has been told to stop",
                    "already-ended" => "it had ended already; nothing changed",
                    _ => "cancelled, with everything that waited for it",
                });
            }
            return ExitCode.Done;
        });
        return command;
    }

    static void Say(CommandContext context, ExperimentCancelled done)
    {
        context.Terminal.Say(done is { Cancelled.Count: 0, Kept.Count: 0 }
            ? "it had ended already; nothing changed"
            : string.Create(CultureInfo.InvariantCulture, $"{done.Cancelled.Count} job(s) cancelled"));
        foreach (var kept in done.Kept)
            context.Terminal.Say($"{kept.Key} goes on for {string.Join(", ", kept.Users.Select(u => $"{u.Name} ({ExperimentName.Short(u.ExperimentId)})"))}");
    }
}
