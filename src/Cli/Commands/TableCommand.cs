using System.CommandLine;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Results;
using KdRobust.Domain.Reports;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr table</c>: an experiment's tables, paper beside ours; or those of a folder of specs, from stored results.</summary>
static class TableCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = $"{ExperimentName.Explanation}; or a spec, or a folder of specs, whose tables are filled from stored results without a service", DefaultValueFactory = _ => "@last" };
        var only = new Argument<string?>("table") { Description = "Only this table, by its id", Arity = ArgumentArity.ZeroOrOne };
        var format = new Option<string>("--format") { Description = "text, md, csv (every number with all that is needed to judge it) or json", DefaultValueFactory = _ => "text", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("text", "md", "csv", "json");
        var results = new Option<string?>("--results") { Description = "With specs: where results are stored; default results/ of this checkout", HelpName = "DIR" };
        var server = CommandContext.ServerOption();
        var command = new Command("table", "Print an experiment's tables, paper beside ours; or those of a folder of specs, from stored results") { id, only, format, results, server };
        command.SetAction(async (parsed, ct) =>
        {
            if (FolderTables.IsMeant(parsed.GetValue(id)!))
                return FolderTables.Print(context, parsed.GetValue(id)!, parsed.GetValue(only), parsed.GetValue(format)!, parsed.GetValue(results));
            using var client = context.Connect(parsed, server);
            var experiment = await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct);
            if (parsed.GetValue(format) == "csv")
            {
                context.Terminal.Out.Write(await client.Report(experiment, "csv", ct));
                return ExitCode.Done;
            }
            var report = JsonSerializer.Deserialize<ExperimentReport>(await client.Report(experiment, "json", ct), ServiceJson.Options)!;
            var tables = Select(report, parsed.GetValue(only));
            // Whoever asks for one table wants just that.
            IEnumerable<string> Comparisons(Func<IReadOnlyList<ReportComparison>, bool, string> write) =>
                parsed.GetValue(only) is null && report.Comparisons.Count > 0 ? [write(report.Comparisons, report.Synthetic)] : [];
            switch (parsed.GetValue(format))
            {
                case "json": context.WriteJson(tables); break;
                case "md": context.Terminal.Out.Write(string.Join("\n", tables.Select(t => TextTable.Markdown(t, report.Synthetic)).Concat(Comparisons(ComparisonText.Markdown)))); break;
                default: context.Terminal.Out.Write(string.Join("\n", tables.Select(t => TextTable.Plain(t, report.Synthetic)).Concat(Comparisons(ComparisonText.Plain)))); break;
            }
            if (!report.Complete) context.Terminal.Say("not complete: a dash stands for what is not measured yet");
            return ExitCode.Done;
        });
        return command;
    }

    static IReadOnlyList<ReportTable> Select(ExperimentReport report, string? name)
    {
        if (report.Tables.Count == 0) throw new CommandFailedException(ExitCode.NotFound, $"{report.Name} asks for no table; --format csv prints its numbers");
        if (name is null) return report.Tables;
        return report.Tables.FirstOrDefault(t => t.Id == name) is { } table
            ? [table]
            : throw new CommandFailedException(ExitCode.NotFound, $"{report.Name} has no table '{name}': there are {string.Join(", ", report.Tables.Select(t => t.Id))}");
    }
}
