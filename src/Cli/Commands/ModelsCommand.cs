using System.CommandLine;
using KdRobust.Cli.Output;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr models</c>: uploaded files of weights, newest first.</summary>
static class ModelsCommand
{
    public static Command Create(CommandContext context)
    {
        var limit = ListCommand.LimitOption();
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("models", "List uploaded files of weights, newest first") { limit, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var client = context.Connect(parsed, server);
            var page = await client.Models(parsed.GetValue(limit), ct);
            if (parsed.GetValue(json))
            {
                context.WriteJson(page.Items);
                return ExitCode.Done;
            }
            var columns = new Columns("SHA-256", "NAME", "SIZE", "OWNER", "UPLOADED");
            foreach (var file in page.Items)
                columns.Add(file.Sha256, file.Name, ByteCounts.Text(file.Bytes), file.Owner, Durations.Date(file.CreatedAt));
            columns.Write(context.Terminal);
            if (page.Items.Count == 0) context.Terminal.Say("no file was uploaded yet: upload one with ./kdr import FILE");
            else if (page.Next is not null) ListCommand.SayMore(context.Terminal, page.Items.Count);
            return ExitCode.Done;
        });
        return command;
    }
}
