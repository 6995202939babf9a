using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Cli.Sweeps;
using KdRobust.Domain.Sweeps;

namespace KdRobust.Cli.Commands;

/// <summary>What shows sweeps: <c>kdr sweep ls</c>, <c>show</c> and <c>table</c>.</summary>
static class SweepListCommands
{
    const int MostShown = 100;

    public static Command List(CommandContext context)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, up to 100", DefaultValueFactory = _ => 20 };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("ls", "List sweeps, newest first") { limit, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var page = await client.Sweeps(parsed.GetValue(limit), null, ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(page.Items);
                return ExitCode.Done;
            }
            var columns = new Columns("ID", "NAME", "STATE", "POINTS DONE", "RUN", "SUBMITTED", "TITLE");
            foreach (var sweep in page.Items)
                columns.Add(
                    ExperimentName.Short(sweep.Id), sweep.Name, sweep.State.ToString().ToLowerInvariant(),
                    string.Create(CultureInfo.InvariantCulture, $"{sweep.Points.GetValueOrDefault(ExperimentState.Succeeded)}/{sweep.Points.Values.Sum()}"),
                    sweep.RunNumber.ToString(CultureInfo.InvariantCulture), Durations.Date(sweep.CreatedAt), sweep.Title);
            columns.Write(context.Terminal);
            if (page.Items.Count == 0) context.Terminal.Say("there is no sweep yet: submit one with ./kdr sweep FILE, e.g. experiments/sweeps/noise-rank.json");
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Show(CommandContext context)
    {
        var id = SweepCommand.Id();
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("show", "Show a sweep and its points") { id, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var sweep = await SweepName.Resolve(client, parsed.GetValue(id)!, ct);
            var detail = await client.Sweep(sweep, ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(detail);
                return ExitCode.Done;
            }
            var s = detail.Sweep;
            context.Terminal.Say($"{s.Name}: {s.Title}");
            context.Terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{s.Id}, {s.State.ToString().ToLowerInvariant()}, run {s.RunNumber}, submitted {Durations.Date(s.CreatedAt)} by {s.Owner}"));
            foreach (var rung in s.Rungs)
                context.Terminal.Say($"{(detail.Spec.Halving is { } halving ? string.Create(CultureInfo.InvariantCulture, $"rung {rung.Rung + 1} of {halving.Rungs.Count}, {halving.Rungs[rung.Rung]} epochs: ") : "points: ")}{SweepWatcher.Counts(rung.Points)}");
            if (s.Trouble is not null) context.Terminal.Say($"it does not go on by itself: {s.Trouble}");
            await Points(context, client, sweep, detail, ct);
            return ExitCode.Done;
        });
        return command;
    }

    public static Command Table(CommandContext context)
    {
        var id = SweepCommand.Id();
        var sort = new Option<string?>("--sort") { Description = "The column whose best comes first: a result id, or score for a halving", HelpName = "COLUMN" };
        var format = new Option<string>("--format") { Description = "text, md, csv (every number with its interval) or json", DefaultValueFactory = _ => "text", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("text", "md", "csv", "json");
        var server = CommandContext.ServerOption();
        var command = new Command("table", "Print parameters beside results, the best point first") { id, sort, format, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var sweep = await SweepName.Resolve(client, parsed.GetValue(id)!, ct);
            var form = parsed.GetValue(format) is "text" ? "txt" : parsed.GetValue(format)!;
            context.Terminal.Out.Write(await client.SweepTable(sweep, form, parsed.GetValue(sort), ct));
            return ExitCode.Done;
        });
        return command;
    }

    static async Task Points(CommandContext context, ServiceClient client, Guid sweep, SweepDetail detail, CancellationToken ct)
    {
        var axes = detail.Spec.Space.AllAxes().Select(axis => axis.Name.ToUpperInvariant());
        var columns = new Columns(["POINT", "RUNG", .. axes, "STATE", "SCORE", "EXPERIMENT"]);
        var page = await client.SweepPoints(sweep, MostShown, null, ct);
        foreach (var point in page.Items)
            columns.Add([
                point.Ordinal.ToString(CultureInfo.InvariantCulture), (point.Rung + 1).ToString(CultureInfo.InvariantCulture), .. point.Values.Select(SweepPlan.ValueText),
                point.State.ToString().ToLowerInvariant(), point.Score?.ToString("0.####", CultureInfo.InvariantCulture), point.Experiment.ToString(),
            ]);
        columns.Write(context.Terminal);
        if (page.Next is not null) context.Terminal.Say($"the first {page.Items.Count} points are shown; ./kdr sweep table {ExperimentName.Short(sweep)} --format csv has all");
    }
}
