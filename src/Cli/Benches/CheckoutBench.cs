using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Benches;

/// <summary>A bench that is a program of its own in the checkout, built when it is asked for: it belongs to no other verb.</summary>
static class CheckoutBench
{
    /// <param name="context">Where the checkout is.</param>
    /// <param name="verb">The bench's name, which the program gets as its first word.</param>
    /// <param name="project">Its project under bench/.</param>
    /// <param name="description">For help.</param>
    /// <param name="example">Options it takes.</param>
    public static Command Create(CommandContext context, string verb, string project, string description, string example)
    {
        var rest = new Argument<string[]>("options") { Description = $"Passed on, e.g. {example}", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command(verb, description) { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, ct) =>
        {
            var file = Path.Combine(context.Folders.Root, "bench", project, $"{project}.csproj");
            if (!File.Exists(file)) throw new CommandFailedException(ExitCode.Failed, $"{file} is not there: benches run in a checkout");
            var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, "run", "--project", file, "-c", "Release", "--verbosity", "quiet", "--", verb, .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens])
            {
                UseShellExecute = false, WorkingDirectory = context.Folders.Root,
            };
            using var process = await ChildLauncher.Start(start);
            using var interrupted = ct.Register(() => process.Kill(entireProcessTree: true));
            await process.WaitForExitAsync(CancellationToken.None);
            return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
        });
        return command;
    }
}
