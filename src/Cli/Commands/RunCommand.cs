using System.CommandLine;
using System.Globalization;
using KdRobust.Cli.Local;
using KdRobust.Cli.Specs;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr run</c>: one spec in a one-off process, without service or database; the worker's executable does it.</summary>
static class RunCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The spec; - is standard input" };
        var set = CommandContext.SetOption();
        var data = new Option<string?>("--data") { Description = "Folder with cifar10-mini/ or cifar-10-batches-bin/; default KDR_DATA, ./data, then what was fetched", HelpName = "DIR" };
        var output = new Option<string?>("--out") { Description = "Where results are kept by fingerprint, and taken up again; default .kdr/runs", HelpName = "DIR" };
        var number = UpCommand.Number("--run", "Another number computes everything anew, beside what is kept", 0, 0, int.MaxValue);
        var model = new Option<string[]>("--model")
        {
            Description = "A file of weights that the spec imports (.pt, .pth, .th, .pth.tar, safetensors), found by its SHA-256; may be repeated", HelpName = "FILE",
            Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false, DefaultValueFactory = _ => [],
        };
        var json = CommandContext.JsonOption();
        var command = new Command("run", "Compute a spec in one process, without a service: the same digits") { file, set, data, output, number, model, json };
        command.SetAction(async (parsed, ct) =>
        {
            var spec = SpecFile.Read(parsed.GetValue(file)!, parsed.GetValue(set)!);
            NativeBuild.Require(context.Folders);
            var images = DataFolder.Find(context.Folders, parsed.GetValue(data), context.Environment);
            string[] options =
            [
                "--out", parsed.GetValue(output) ?? Path.Combine(context.Folders.State, "runs"), "--run", parsed.GetValue(number).ToString(CultureInfo.InvariantCulture),
                .. images is null ? Array.Empty<string>() : ["--data", images.Path],
                .. parsed.GetValue(model)!.SelectMany(path => new[] { "--model", path }), .. parsed.GetValue(json) ? ["--json"] : Array.Empty<string>(),
            ];
            return await Run(context, parsed.GetValue(file)!, parsed.GetValue(set)!, spec, options, ct);
        });
        return command;
    }

    static async Task<int> Run(CommandContext context, string file, IReadOnlyList<string> changes, SpecFile spec, IEnumerable<string> options, CancellationToken ct)
    {
        // A spec that is not the file's own goes through a file that is gone when the run has ended.
        var aside = changes.Count > 0 || file == "-" ? Path.GetTempFileName() : null;
        try
        {
            if (aside is not null) await File.WriteAllTextAsync(aside, spec.Text, ct);
            return await WorkerProcess.Run(context.Folders, ["run", aside ?? file, .. options], ct);
        }
        finally
        {
            if (aside is not null) File.Delete(aside);
        }
    }
}
