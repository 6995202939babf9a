using System.CommandLine;
using System.Diagnostics;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Commands;

/// <summary><c>kdr backup</c> and <c>kdr restore</c>: the whole database in one file, by the API's program, which knows the database.</summary>
static class BackupCommands
{
    const string Variable = "KDR_DATABASE";

    public static Command Backup(CommandContext context)
    {
        var target = new Argument<string>("target") { Description = "A file that is not there yet, or a folder" };
        var command = new Command("backup", $"Copy the database into a file while the service runs; the database is {Variable}'s, else this checkout's") { target };
        command.SetAction(async (parsed, ct) =>
        {
            await using var database = await Reach(context, whileServing: true, ct);
            return await Run(context, database, ["backup", Full(parsed.GetValue(target)!)], ct);
        });
        return command;
    }

    public static Command Restore(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "A backup; its manifest lies beside it" };
        var yes = new Option<bool>("--yes", "-y") { Description = "Replace a database that is not empty" };
        var command = new Command("restore", "Put a backup in the place of the database; the service must not run") { file, yes };
        command.SetAction(async (parsed, ct) =>
        {
            await using var database = await Reach(context, whileServing: false, ct);
            return await Run(context, database, ["restore", Full(parsed.GetValue(file)!), .. parsed.GetValue(yes) ? ["--yes"] : Array.Empty<string>()], ct);
        });
        return command;
    }

    static string Full(string path) => Path.GetFullPath(path) + (path.EndsWith('/') ? "/" : "");

    static async Task<int> Run(CommandContext context, ReachedDatabase database, string[] arguments, CancellationToken ct)
    {
        // Interrupted from here, it undoes what it began; so it is asked, and waited for.
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "INT", "--", LocalService.DotNet, context.Folders.Program("Api"), .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        start.Environment[Variable] = database.ConnectionString;
        using var process = await ChildLauncher.Start(start);
        process.OutputDataReceived += (_, line) => { if (line.Data is not null) context.Terminal.Out.WriteLine(line.Data); };
        process.ErrorDataReceived += (_, line) => { if (line.Data is not null) context.Terminal.Say($"kdr: {line.Data}"); };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var interrupted = ct.Register(() => ProcessIdentity.Of(process.Id)?.Signal(UnixSignal.Interrupt));
        await process.WaitForExitAsync(CancellationToken.None);
        return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
    }

    /// <summary>The named database, else this checkout's, started for as long as it is needed when it does not run.</summary>
    static async Task<ReachedDatabase> Reach(CommandContext context, bool whileServing, CancellationToken ct)
    {
        if (context.Environment(Variable) is { Length: > 0 } named) return new ReachedDatabase(named, null);
        if (ServiceRecord.Running(context.Folders) is { } running)
            return whileServing
                ? new ReachedDatabase(running.Database, null)
                : throw new CommandFailedException(ExitCode.Usage, $"the local service runs (./kdr {running.Verb}) and would go on with what is replaced under it: stop it with ./kdr down first, then ./kdr up after the restore");
        var postgres = new PrivatePostgres(PostgresPrograms.Find(), context.Folders.Postgres, context.Folders.Logs);
        if (whileServing && !postgres.Exists)
            throw new CommandFailedException(ExitCode.NotFound, $"this checkout has no database yet, and {Variable} names none: there is nothing to back up");
        return new ReachedDatabase(postgres.ConnectionString, await postgres.Start(ct));
    }

    sealed record ReachedDatabase(string ConnectionString, ChildService? Ours) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (Ours is null) return;
            await PrivatePostgres.Stop(Ours);
            await Ours.DisposeAsync();
        }
    }
}
