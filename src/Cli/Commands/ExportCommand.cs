using System.CommandLine;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr export</c>: stored weights as a file that PyTorch reads; the worker's executable does it.</summary>
static class ExportCommand
{
    static readonly string[] Endings = [".pt", ".pth", ".safetensors"];

    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "Weights as the service and kdr run keep them (safetensors)" };
        var output = new Argument<string>("out") { Description = "What to write: OUT.pt or OUT.pth (torch.load with weights_only=True reads it) or OUT.safetensors" };
        output.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Endings.Contains(Path.GetExtension(token.Value), StringComparer.OrdinalIgnoreCase))
                result.AddError($"{token.Value}: what format is it to have? Expected a name that ends with {string.Join(", ", Endings)}");
        });
        var command = new Command("export", "Write stored weights for PyTorch (.pt) or as safetensors") { file, output };
        command.SetAction(async (parsed, ct) =>
        {
            var from = parsed.GetValue(file)!;
            if (!File.Exists(from)) throw new CommandFailedException(ExitCode.Usage, $"{from}: there is no such file");
            return await WorkerProcess.Run(context.Folders, ["export", from, parsed.GetValue(output)!], ct);
        });
        return command;
    }
}
