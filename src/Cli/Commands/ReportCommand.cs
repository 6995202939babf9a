using System.CommandLine;
using KdRobust.Cli.Client;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr report</c>: the whole report as a file.</summary>
static class ReportCommand
{
    public static Command Create(CommandContext context)
    {
        var id = new Argument<string>("id") { Description = ExperimentName.Explanation, DefaultValueFactory = _ => "@last" };
        var output = new Option<string?>("--output", "-o") { Description = "File to write; its ending names the format. Without it the report goes to standard output", HelpName = "FILE" };
        var format = new Option<string?>("--format") { Description = "html, md, json or csv; default by FILE's ending, else md", HelpName = "FORMAT" };
        format.AcceptOnlyFromAmong("html", "md", "json", "csv");
        var server = CommandContext.ServerOption();
        var command = new Command("report", "Write an experiment's report: one self-contained HTML page, Markdown, JSON or CSV") { id, output, format, server };
        command.SetAction(async (parsed, ct) =>
        {
            var file = parsed.GetValue(output);
            var form = parsed.GetValue(format) ?? (file is null ? "md" : Path.GetExtension(file).TrimStart('.').ToLowerInvariant());
            if (form is not ("html" or "md" or "json" or "csv"))
                throw new CommandFailedException(ExitCode.Usage, $"{file}: its ending does not name a format; end it in .html, .md, .json or .csv, or say --format");
            using var client = context.Connect(parsed, server);
            var text = await client.Report(await ExperimentName.Resolve(client, parsed.GetValue(id)!, ct), form, ct);
            if (file is null)
            {
                context.Terminal.Out.Write(text);
                return ExitCode.Done;
            }
            await Write(file, text, ct);
            context.Terminal.Say($"written: {Path.GetFullPath(file)}");
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>Writes a file whole or not at all.</summary>
    public static Task Write(string file, string text, CancellationToken ct) => Write(file, System.Text.Encoding.UTF8.GetBytes(text), ct);

    /// <inheritdoc cref="Write(string, string, CancellationToken)"/>
    public static async Task Write(string file, byte[] content, CancellationToken ct)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
            await File.WriteAllBytesAsync(file + ".new", content, ct);
            File.Move(file + ".new", file, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCode.Failed, $"{file} cannot be written: {error.Message}", error);
        }
    }
}
