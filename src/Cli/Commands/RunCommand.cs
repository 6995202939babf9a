using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr run</c>: one spec in a one-off process, without service or database; the worker's executable does it.</summary>
static class RunCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "The spec" };
        var rest = new Argument<string[]>("options") { Description = "Passed on as they are; ./kdr run FILE --help shows them", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("run", "Compute a spec in one process, without a service: the same digits") { file, rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, ct) => Run(context, [parsed.GetValue(file)!, .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens], ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, IEnumerable<string> arguments, CancellationToken ct)
    {
        // In our terminal and our process group: Ctrl-C reaches it as it reaches us, and it ends with us.
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, context.Folders.Program("Worker"), "run", .. arguments]) { UseShellExecute = false };
        if (DataFolder.Find(context.Folders, null, context.Environment) is { } data) start.Environment["KDR_DATA"] = data.Path;
        using var process = await ChildLauncher.Start(start);
        await process.WaitForExitAsync(CancellationToken.None);
        return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
    }
}
