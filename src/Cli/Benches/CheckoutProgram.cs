using System.Diagnostics;
using KdRobust.Cli.Commands;
using KdRobust.Cli.Local;

namespace KdRobust.Cli.Benches;

/// <summary>A bench that is a program of its own in the checkout, built when it is asked for: it belongs to no other verb.</summary>
static class CheckoutProgram
{
    /// <summary>Builds and runs it on our terminal.</summary>
    /// <param name="context">Where the checkout is.</param>
    /// <param name="project">Its project under bench/.</param>
    /// <param name="arguments">One entry per argument.</param>
    /// <param name="environment">Variables to set over ours.</param>
    /// <param name="ct">Ends it and all it started.</param>
    /// <returns>Its exit code.</returns>
    public static async Task<int> Run(CommandContext context, string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        var file = Path.Combine(context.Folders.Root, "bench", project, $"{project}.csproj");
        if (!File.Exists(file)) throw new CommandFailedException(ExitCode.Failed, $"{file} is not there: benches run in a checkout");
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, "run", "--project", file, "-c", "Release", "--verbosity", "quiet", "--", .. arguments])
        {
            UseShellExecute = false, WorkingDirectory = context.Folders.Root,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = await ChildLauncher.Start(start);
        using var interrupted = ct.Register(() => process.Kill(entireProcessTree: true));
        await process.WaitForExitAsync(CancellationToken.None);
        return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
    }

    /// <summary>The same on a private PostgreSQL, which is deleted afterwards; the program finds it in <c>KDR_DATABASE</c>.</summary>
    /// <inheritdoc cref="Run"/>
    public static async Task<int> RunOnPostgres(CommandContext context, string project, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment, CancellationToken ct)
    {
        // Under /tmp, which the server's user can enter when we are root.
        var folder = Path.Combine("/tmp", $"kdr-{project.ToLowerInvariant()}-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var programs = PostgresPrograms.Find();
        var postgres = new PrivatePostgres(programs, Path.Combine(folder, "pg"), Path.Combine(folder, "log"));
        try
        {
            var server = await postgres.Start(ct);
            try
            {
                var all = new Dictionary<string, string>(environment) { ["KDR_DATABASE"] = postgres.ConnectionString, ["PGBIN"] = programs.Folder };
                return await Run(context, project, arguments, all, ct);
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
