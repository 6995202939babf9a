using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Specs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr submit</c>: sends a spec to the service; prints the experiment's id.</summary>
static class SubmitCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The spec; - is standard input" };
        var set = CommandContext.SetOption();
        var again = new Option<bool>("--again") { Description = "Compute everything anew, even what is known" };
        var watch = new Option<bool>("--watch") { Description = "Follow it to its end" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("submit", "Send a spec to the service") { file, set, again, watch, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            var spec = SpecFile.Read(parsed.GetValue(file)!, parsed.GetValue(set)!);
            using var client = context.Connect(parsed, server);
            var (detail, created) = await client.Submit(spec.Text, parsed.GetValue(again), ct);
            var experiment = detail.Experiment;
            if (parsed.GetValue(json)) context.WriteJson(experiment);
            else context.Terminal.Out.WriteLine(experiment.Id);
            var reused = detail.Jobs.Count(j => j.Reused);
            context.Terminal.Say(created
                ? string.Create(CultureInfo.InvariantCulture, $"{experiment.Name}: {detail.Jobs.Count} jobs{(reused > 0 ? string.Create(CultureInfo.InvariantCulture, $", {reused} of them known already") : "")}")
                : $"{experiment.Name}: this spec was submitted before and is {experiment.State.ToString().ToLowerInvariant()}; --again computes it anew");
            if (parsed.GetValue(watch)) return await WatchCommand.Watch(context, client, experiment.Id, null, ct);
            var name = ExperimentName.Short(experiment.Id);
            context.Terminal.Say($"next: ./kdr watch {name}   cancel: ./kdr cancel {name}   tables: ./kdr table {name}");
            return ExitCode.Done;
        });
        return command;
    }
}
