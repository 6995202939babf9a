using System.CommandLine;
using KdRobust.Cli.Demo;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr demo</c>: the paper's whole chain at small size, from nothing to tables and a report.</summary>
static class DemoCommand
{
    public static Command Create(CommandContext context)
    {
        var again = new Option<bool>("--again") { Description = "Compute everything anew; else a finished demo shows its stored result and an unfinished one goes on" };
        var json = CommandContext.JsonOption();
        var workers = UpCommand.Number("--workers", "Workers of one thread each", 2, 1, 64);
        var set = CommandContext.SetOption();
        var data = new Option<string?>("--data") { Description = "Folder with cifar10-mini/ or cifar-10-batches-bin/; default KDR_DATA, ./data, then what was fetched", HelpName = "DIR" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Install missing packages without asking (read by ./kdr)" };
        var command = new Command("demo", "The paper's whole chain at small size: service, training, distillation, attacks, tables, report") { again, json, workers, set, data, yes };
        command.SetAction((parsed, ct) => new DemoRun(context, new(parsed.GetValue(set)!, parsed.GetValue(again), parsed.GetValue(json), parsed.GetValue(workers), parsed.GetValue(data))).Run(ct));
        return command;
    }
}
