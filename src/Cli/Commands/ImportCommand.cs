using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KdRobust.Cli.Client;
using KdRobust.Cli.Output;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr import</c>: uploads a file of weights, and prints what a spec says to use it.</summary>
static class ImportCommand
{
    static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(2);

    /// <summary>What <c>--json</c> prints.</summary>
    sealed record Imported(string Sha256, string Name, long Bytes, WeightsSpec Weights);

    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The weights: .pt, .pth, .th, .pth.tar or .safetensors" };
        var name = new Option<string?>("--name") { Description = "What to call it; default the file's name", HelpName = "NAME" };
        var server = CommandContext.ServerOption();
        var json = CommandContext.JsonOption();
        var command = new Command("import", "Upload weights that were trained elsewhere, for specs to use") { file, name, server, json };
        command.SetAction(async (parsed, ct) =>
        {
            var path = parsed.GetValue(file)!;
            await using var stream = Open(path);
            using var client = context.Connect(parsed, server);
            var (stored, created) = await Send(context.Terminal, client, parsed.GetValue(name) ?? Path.GetFileName(path), stream, ct);
            WeightsSpec weights = new ImportSpec { Sha256 = stored.Sha256, Rename = [], Skip = [] };
            if (parsed.GetValue(json))
            {
                context.WriteJson(new Imported(stored.Sha256, stored.Name, stored.Bytes, weights));
            }
            else
            {
                context.Terminal.Out.WriteLine(stored.Sha256);
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(weights, SpecJson.Options));
            }
            context.Terminal.Say(created ? $"stored as '{stored.Name}'" : $"you had uploaded this file before, as '{stored.Name}'");
            context.Terminal.Say("a model of a spec has these weights with \"weights\": {\"kind\":\"import\",...} as above; rename and skip adapt the file's names to the network's");
            return ExitCode.Done;
        });
        return command;
    }

    static async Task<(ModelFile File, bool Created)> Send(Terminal terminal, ServiceClient client, string name, FileStream stream, CancellationToken ct)
    {
        var length = stream.Length;
        var whole = ByteCounts.Text(length);
        terminal.Say($"sending {name}: {whole}");
        var told = TimeProvider.System.GetTimestamp();
        return await client.Upload(name, stream, sent =>
        {
            if (TimeProvider.System.GetElapsedTime(told) < TellEvery) return;
            told = TimeProvider.System.GetTimestamp();
            terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{ByteCounts.Text(sent)} of {whole} ({100.0 * sent / length:0} %)"));
        }, ct);
    }

    static FileStream Open(string path)
    {
        if (Directory.Exists(path)) throw new CommandFailedException(ExitCode.Usage, $"{path} is a folder: expected a file of weights");
        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
            if (stream.Length > 0) return stream;
            stream.Dispose();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CommandFailedException(ExitCode.Usage, $"{path} cannot be read: {error.Message}", error);
        }
        throw new CommandFailedException(ExitCode.Usage, $"{path} is empty: expected a file of weights");
    }
}
