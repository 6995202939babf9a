using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Specs;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr rerun</c>: an experiment's spec again: exactly, changed, or only what is missing.</summary>
static class RerunCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = ExperimentName.Explanation };
        var set = CommandContext.SetOption();
        var missing = new Option<bool>("--missing") { Description = "Compute only what failed or was cancelled; what succeeded is used" };
        var watch = new Option<bool>("--watch") { Description = "Follow it to its end" };
        var server = CommandContext.ServerOption();
        var command = new Command("rerun", "Submit an experiment's spec again: everything anew, with changes (--set), or only what is missing") { id, set, missing, watch, server };
        command.SetAction(async (parsed, ct) =>
        {
            var changes = parsed.GetValue(set)!;
            if (changes.Length > 0 && parsed.GetValue(missing)) throw new CommandFailedException(ExitCode.Usage, "--set and --missing exclude each other: a changed spec is another experiment, and uses what it can");
            using var client = context.Connect(parsed, server);
            var before = await client.Experiment(await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct), ct);
            var text = JsonSerializer.Serialize(before.Spec ?? throw new CommandFailedException(ExitCode.Failed, "the service does not send the spec: it is older than this command line"), SpecJson.Options);
            var spec = SpecFile.Of(text, before.Experiment.Name, changes);
            var (detail, created) = await client.Submit(spec.Text, again: changes.Length == 0 && !parsed.GetValue(missing), ct);
            var (experiment, reused) = (detail.Experiment, detail.Jobs.Count(job => job.Reused));
            context.Terminal.Out.WriteLine(experiment.Id);
            context.Terminal.Say(created
                ? string.Create(CultureInfo.InvariantCulture, $"{experiment.Name}: run {experiment.RunNumber}, {detail.Jobs.Count} jobs{(reused > 0 ? string.Create(CultureInfo.InvariantCulture, $", {reused} of them known already") : "")}")
                : $"{experiment.Name}: nothing is missing, it is {experiment.State.ToString().ToLowerInvariant()}");
            if (parsed.GetValue(watch)) return await WatchCommand.Watch(context, client, experiment.Id, null, ct);
            context.Terminal.Say($"next: ./kdr watch {ExperimentName.Short(experiment.Id)}   compare: ./kdr diff {ExperimentName.Short(before.Experiment.Id)} {ExperimentName.Short(experiment.Id)}");
            return ExitCode.Done;
        });
        return command;
    }
}
