using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Benches;

/// <summary><c>kdr bench churn</c>: a week of checkpoints that come and go, on a private PostgreSQL that is deleted afterwards.</summary>
static class ChurnBench
{
    public static Command Create(CommandContext context)
    {
        var rest = new Argument<string[]>("options") { Description = "Passed on, e.g. --hours 48 --trainings 8", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("churn", "Size of the chunk table over a simulated week of resume points, with our vacuum settings and without") { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(async (parsed, ct) =>
        {
            // Built when it is asked for: it belongs to no other verb.
            var project = Path.Combine(context.Folders.Root, "bench", "Churn.Bench", "Churn.Bench.csproj");
            if (!File.Exists(project)) throw new CommandFailedException(ExitCode.Failed, $"{project} is not there: benches run in a checkout");
            // Under /tmp, which the server's user can enter when we are root.
            var folder = Path.Combine("/tmp", $"kdr-churn-{Environment.ProcessId}");
            Directory.CreateDirectory(folder);
            var postgres = new PrivatePostgres(PostgresPrograms.Find(), Path.Combine(folder, "pg"), Path.Combine(folder, "log"));
            try
            {
                var server = await postgres.Start(ct);
                try
                {
                    var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, "run", "--project", project, "-c", "Release", "--verbosity", "quiet", "--", .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens])
                    {
                        UseShellExecute = false, WorkingDirectory = context.Folders.Root,
                    };
                    start.Environment["KDR_DATABASE"] = postgres.ConnectionString;
                    using var process = await ChildLauncher.Start(start);
                    using var interrupted = ct.Register(() => process.Kill(entireProcessTree: true));
                    await process.WaitForExitAsync(CancellationToken.None);
                    return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
                }
                finally
                {
                    await PrivatePostgres.Stop(server);
                    await server.DisposeAsync();
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }
}
