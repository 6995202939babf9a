using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Client;
using KdRobust.Cli.Local;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr status</c>: what of the local service runs, and what its workers do. Exit code 7 when it does not run or answer.</summary>
static class StatusCommand
{
    public static Command Create(CommandContext context)
    {
        var json = CommandContext.JsonOption();
        var command = new Command("status", "Show what of the local service runs") { json };
        command.SetAction(async (parsed, ct) =>
        {
            if (ServiceRecord.Running(context.Folders) is not { } record)
            {
                if (parsed.GetValue(json)) context.WriteJson(new { Running = false });
                context.Terminal.Say("the local service does not run: ./kdr up starts it");
                return ExitCode.Unreachable;
            }
            IReadOnlyList<WorkerView> workers = [];
            CommandFailedException? silent = null;
            try
            {
                using var client = new ServiceClient(ServiceLocation.Find(context.Folders, record.Address, context.Environment)) { Limit = TimeSpan.FromSeconds(5) };
                workers = await client.Workers(ct);
            }
            catch (CommandFailedException error)
            {
                silent = error;
            }
            if (parsed.GetValue(json)) context.WriteJson(new { Running = true, Service = record, Answers = silent is null, Workers = workers });
            else Write(context.Terminal, record, workers);
            if (silent is not null) throw silent;
            return ExitCode.Done;
        });
        return command;
    }

    static void Write(Terminal terminal, ServiceRecord record, IReadOnlyList<WorkerView> workers)
    {
        terminal.Say($"{record.Address}, started by ./kdr {record.Verb} at {Durations.Date(record.StartedAt)}");
        var columns = new Columns("PART", "PROCESS", "STATE", "DOES");
        columns.Add($"host", Id(record.Host), "runs", $"keeps the others (./kdr {record.Verb})");
        foreach (var (name, process) in record.Processes)
        {
            var worker = workers.FirstOrDefault(w => w.Info.ProcessId == process.Id);
            columns.Add(name, Id(process), process.Alive ? "runs" : "restarting", worker is null ? "" : worker.Jobs.Count == 0 ? "waits for jobs" : string.Join(", ", worker.Jobs));
        }
        columns.Write(terminal);
        terminal.Say(record.DataFolder is { } data ? $"images: {data}" : "images: none found");
    }

    static string Id(ProcessIdentity process) => process.Id.ToString(CultureInfo.InvariantCulture);
}
