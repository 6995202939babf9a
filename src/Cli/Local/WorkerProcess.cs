using System.Diagnostics;
using KdRobust.Domain.Runs;

namespace KdRobust.Cli.Local;

/// <summary>
/// One verb of the worker's executable in a one-off process: what needs the tensor library runs there. In our terminal and
/// our process group: Ctrl-C reaches it as it reaches us, and it ends with us.
/// </summary>
static class WorkerProcess
{
    /// <summary>Runs it; what it says on either stream is said here.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> Run(LocalFolders folders, IEnumerable<string> arguments, CancellationToken ct)
    {
        using var process = await ChildLauncher.Start(Start(folders, arguments));
        await process.WaitForExitAsync(CancellationToken.None);
        return ct.IsCancellationRequested ? ExitCode.Interrupted : process.ExitCode;
    }

    /// <summary>Runs it and keeps its standard output; what it says on standard error is said here.</summary>
    /// <exception cref="CommandFailedException">It did not end with 0; it has said why, so this says only what could not be done.</exception>
    public static async Task<string> Read(LocalFolders folders, IEnumerable<string> arguments, string purpose, CancellationToken ct)
    {
        var start = Start(folders, arguments);
        start.RedirectStandardOutput = true;
        using var process = await ChildLauncher.Start(start);
        var output = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        return process.ExitCode == ExitCode.Done ? output : throw new CommandFailedException(process.ExitCode, $"{purpose} failed");
    }

    /// <summary>The command line and environment of one verb, for who starts it with other streams.</summary>
    public static ProcessStartInfo Start(LocalFolders folders, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("setpriv", ["--pdeathsig", "KILL", "--", LocalService.DotNet, folders.Program("Worker"), .. arguments]) { UseShellExecute = false };
        foreach (var (name, value) in RunProcessMemory.Variables) start.Environment[name] = value;
        return start;
    }
}
