using System.CommandLine;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr figure</c>: an experiment's figures as files.</summary>
static class FigureCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = ExperimentName.Explanation, DefaultValueFactory = _ => "@last" };
        var only = new Argument<string?>("figure") { Description = "Only this figure, by its id; default all", Arity = ArgumentArity.ZeroOrOne };
        var format = new Option<string>("--format") { Description = "svg, png, or csv (one point a line, with its 95 % interval)", DefaultValueFactory = _ => "svg", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("svg", "png", "csv");
        var output = new Option<string>("--out") { Description = "Folder to write FIGURE.FORMAT into; default the current one", DefaultValueFactory = _ => ".", HelpName = "DIR" };
        var server = CommandContext.ServerOption();
        var command = new Command("figure", "Write an experiment's figures as SVG, PNG or CSV files") { id, only, format, output, server };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var experiment = await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct);
            var report = JsonSerializer.Deserialize<ExperimentReport>(await client.Report(experiment, "json", ct), ServiceJson.Options)!;
            foreach (var figure in Select(report, parsed.GetValue(only)))
            {
                var file = Path.Combine(parsed.GetValue(output)!, $"{figure.Id}.{parsed.GetValue(format)}");
                await ReportCommand.Write(file, await client.Figure(experiment, figure.Id, parsed.GetValue(format)!, ct), ct);
                context.Terminal.Out.WriteLine(file);
            }
            if (!report.Complete) context.Terminal.Say("not complete: what is not measured yet is not drawn");
            return ExitCode.Done;
        });
        return command;
    }

    static IReadOnlyList<ReportFigure> Select(ExperimentReport report, string? name)
    {
        if (report.Figures.Count == 0) throw new CommandFailedException(ExitCode.NotFound, $"{report.Name} asks for no figure; ./kdr report writes its tables");
        if (name is null) return report.Figures;
        return report.Figures.FirstOrDefault(f => f.Id == name) is { } figure
            ? [figure]
            : throw new CommandFailedException(ExitCode.NotFound, $"{report.Name} has no figure '{name}': there are {string.Join(", ", report.Figures.Select(f => f.Id))}");
    }
}
