using System.CommandLine;
using KdRobust.Cli.Client;
using KdRobust.Cli.Local;
using KdRobust.Domain.Experiments;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr export</c>: stored weights, of a file or of a service's experiment, as a file that PyTorch reads; the worker's executable writes it.</summary>
static class ExportCommand
{
    static readonly string[] Endings = [".pt", ".pth", ".safetensors"];

    public static Command Create(CommandContext context)
    {
        var weights = new Argument<string>("weights") { Description = "EXPERIMENT:MODEL of the service, e.g. @last:cni, or a file of weights as the service and kdr run keep them (safetensors)" };
        var output = new Argument<string>("out") { Description = "What to write: OUT.pt or OUT.pth (torch.load with weights_only=True reads it) or OUT.safetensors" };
        output.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Endings.Contains(Path.GetExtension(token.Value), StringComparer.OrdinalIgnoreCase))
                result.AddError($"{token.Value}: what format is it to have? Expected a name that ends with {string.Join(", ", Endings)}");
        });
        var checkpoint = new Option<string>("--checkpoint") { Description = "Of a service's model: last, average or best", DefaultValueFactory = _ => "last", HelpName = "WHICH" };
        checkpoint.AcceptOnlyFromAmong("last", "average", "best");
        var server = CommandContext.ServerOption();
        var command = new Command("export", "Write stored weights for PyTorch (.pt) or as safetensors") { weights, output, checkpoint, server };
        command.SetAction(async (parsed, ct) =>
        {
            var (from, to) = (parsed.GetValue(weights)!, parsed.GetValue(output)!);
            if (File.Exists(from)) return await Write(context, from, to, ct);
            if (StoredWeights.Of(from, Enum.Parse<ModelCheckpoint>(parsed.GetValue(checkpoint)!, ignoreCase: true)) is not { } stored)
                throw new CommandFailedException(ExitCode.Usage, $"{from}: there is no such file; of a service's experiment it is EXPERIMENT:MODEL, e.g. @last:cni");
            using var client = context.Connect(parsed, server);
            // Beside the result, because it may be too large for a temporary folder in memory.
            var draft = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(to))!, $".{Path.GetRandomFileName()}.safetensors");
            try
            {
                await stored.Download(client, draft, ct);
                return await Write(context, draft, to, ct);
            }
            catch (DirectoryNotFoundException)
            {
                throw new CommandFailedException(ExitCode.Usage, $"{to}: its folder does not exist");
            }
            finally
            {
                File.Delete(draft);
            }
        });
        return command;
    }

    static Task<int> Write(CommandContext context, string from, string to, CancellationToken ct) => WorkerProcess.Run(context.Folders, ["export", from, to], ct);
}
