using System.CommandLine;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Cli.Specs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr schedule</c>: experiments that the service submits again and again.</summary>
static class ScheduleCommand
{
    public static Command Create(CommandContext context) => new("schedule", "Submit an experiment at the times of a cron expression")
    {
        Add(context), List(context), Remove(context),
        Switch(context, "pause", "Let a schedule fire no more, until it is resumed", enabled: false),
        Switch(context, "resume", "Let a paused schedule fire again; what it missed while paused is not made up for", enabled: true),
    };

    static Command Add(CommandContext context)
    {
        var name = new Argument<string>("name") { Description = "Its name, unique among yours" };
        var cron = new Argument<string>("cron") { Description = "Minute, hour, day of month, month, day of week, in one word: '0 3 * * *'; a sixth field in front is seconds" };
        var file = new Argument<string>("file") { Description = "The spec; - is standard input" };
        var zone = new Option<string>("--time-zone") { Description = "IANA name of the zone the times are meant in; default UTC", HelpName = "ZONE", DefaultValueFactory = _ => "UTC" };
        var missed = new Option<string>("--missed") { Description = "Firings nobody was there for: 'once' (default) makes up for the newest, 'skip' for none", HelpName = "once|skip", DefaultValueFactory = _ => "once" };
        var set = CommandContext.SetOption();
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("add", "Make a schedule") { name, cron, file, zone, missed, set, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            var spec = SpecFile.Read(parsed.GetValue(file)!, parsed.GetValue(set)!);
            using var client = context.Connect(parsed, server);
            var added = await client.AddSchedule(parsed.GetValue(name)!, parsed.GetValue(cron)!, parsed.GetValue(zone)!, parsed.GetValue(missed)!, spec.Text, ct);
            if (parsed.GetValue(json)) context.WriteJson(added);
            else context.Terminal.Out.WriteLine(added.Id);
            context.Terminal.Say($"'{added.Name}' submits {added.SpecName} {(added.Next is { } next ? $"next on {Durations.Date(next)}" : "at no time that is still to come")}");
            return ExitCode.Done;
        });
        return command;
    }

    static Command List(CommandContext context)
    {
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("ls", "List schedules") { server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var schedules = await client.Schedules(ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(schedules);
                return ExitCode.Done;
            }
            var columns = new Columns("NAME", "CRON", "ZONE", "EXPERIMENT", "NEXT", "LAST", "DID", "OWNER");
            foreach (var schedule in schedules)
                columns.Add(
                    schedule.Name, schedule.Cron, schedule.TimeZone, schedule.SpecName, schedule.Next is { } next ? Durations.Date(next) : "paused",
                    schedule.Last is { } last ? Durations.Date(last.DueAt) : "-",
                    schedule.Last is null ? "-" : schedule.Last.ExperimentId is { } experiment ? ExperimentName.Short(experiment) : schedule.Last.Problem ?? "", schedule.Owner);
            columns.Write(context.Terminal);
            if (schedules.Count == 0) context.Terminal.Say("there is no schedule yet: make one with ./kdr schedule add NAME '0 3 * * *' experiments/demo.json");
            return ExitCode.Done;
        });
        return command;
    }

    static Command Remove(CommandContext context)
    {
        var name = NameArgument();
        var server = CommandContext.ServerOption();
        var command = new Command("rm", "Delete a schedule; the experiments it made stay") { name, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var schedule = await Find(client, parsed.GetValue(name)!, ct);
            await client.RemoveSchedule(schedule.Id, ct);
            context.Terminal.Say($"'{schedule.Name}' is deleted");
            return ExitCode.Done;
        });
        return command;
    }

    static Command Switch(CommandContext context, string verb, string description, bool enabled)
    {
        var name = NameArgument();
        var server = CommandContext.ServerOption();
        var command = new Command(verb, description) { name, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var schedule = await client.SwitchSchedule((await Find(client, parsed.GetValue(name)!, ct)).Id, enabled, ct);
            context.Terminal.Say(schedule.Next is { } next ? $"'{schedule.Name}' fires next on {Durations.Date(next)}" : $"'{schedule.Name}' is paused");
            return ExitCode.Done;
        });
        return command;
    }

    static Argument<string> NameArgument() => new("schedule") { Description = "Its name, or its id" };

    static async Task<ScheduleView> Find(ServiceClient client, string name, CancellationToken ct)
    {
        var found = (await client.Schedules(ct)).Where(schedule => schedule.Name == name || schedule.Id.ToString() == name).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new CommandFailedException(ExitCode.NotFound, $"there is no schedule '{name}' that this key may see: ./kdr schedule ls lists them"),
            _ => throw new CommandFailedException(ExitCode.Usage, $"several owners have a schedule '{name}': name one by its id ({string.Join(", ", found.Select(schedule => $"{schedule.Id} of {schedule.Owner}"))})"),
        };
    }
}
