using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Benches;

/// <summary><c>kdr bench service</c>: every path of the service under load beside the raw path, on a private PostgreSQL that is deleted afterwards.</summary>
static class ServiceBench
{
    public static Command Create(CommandContext context)
    {
        var rest = new Argument<string[]>("options") { Description = "Passed on, e.g. --only claim --rounds 7 --seconds 3 --minutes 60", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("service", "The service under load: enqueue, claim, start, metrics, reading, events, checkpoints, many workers, take-over, memory") { rest };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction((parsed, ct) => Run(context, [.. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens], ct));
        return command;
    }

    static async Task<int> Run(CommandContext context, string[] options, CancellationToken ct)
    {
        // Built when it is asked for: it belongs to no other verb.
        var project = Path.Combine(context.Folders.Root, "bench", "Service.Bench", "Service.Bench.csproj");
        if (!File.Exists(project)) throw new CommandFailedException(ExitCode.Failed, $"{project} is not there: benches run in a checkout");
        // Under /tmp, which the server's user can enter when we are root.
        var folder = Path.Combine("/tmp", $"kdr-service-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var programs = PostgresPrograms.Find();
        var postgres = new PrivatePostgres(programs, Path.Combine(folder, "pg"), Path.Combine(folder, "log"));
        try
        {
            var server = await postgres.Start(ct);
            try
            {
                var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, "run", "--project", project, "-c", "Release", "--verbosity", "quiet", "--", .. options])
                {
                    UseShellExecute = false, WorkingDirectory = context.Folders.Root,
                };
                start.Environment["KDR_DATABASE"] = postgres.ConnectionString;
                start.Environment["KDR_API_PROGRAM"] = context.Folders.Program("Api");
                start.Environment["KDR_DOTNET"] = LocalService.DotNet;
                start.Environment["PGBIN"] = programs.Folder;
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
    }
}
