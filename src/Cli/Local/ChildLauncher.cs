using System.Collections.Concurrent;
using System.Diagnostics;

namespace KdRobust.Cli.Local;

/// <summary>
/// Starts the processes of the local service so that none outlives us, however we end: the kernel sends each its death
/// signal when the thread that started it ends, and that thread is one of ours that lives as long as we do. (A pool
/// thread would not do: the pool retires idle threads, and the signal would come in the middle of work.) Each child is
/// also the leader of its own session, so that Ctrl-C on the terminal reaches us alone and we can stop them in order.
/// </summary>
static class ChildLauncher
{
    static readonly BlockingCollection<Action> Starts = [];
    static readonly Lazy<Thread> Starter = new(() =>
    {
        var thread = new Thread(() =>
        {
            foreach (var start in Starts.GetConsumingEnumerable()) start();
        })
        { IsBackground = true, Name = "child launcher" };
        thread.Start();
        return thread;
    });

    /// <summary>Starts a program with its arguments as a list; its output comes back through the returned process.</summary>
    /// <param name="program">Path or name.</param>
    /// <param name="arguments">One entry an argument.</param>
    /// <param name="environment">Variables set over ours; null as value removes one.</param>
    /// <param name="onOurDeath">What the child gets when we die without stopping it.</param>
    /// <param name="asUser">The user to run as, or null for ourselves; needs root.</param>
    public static Task<Process> Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment, UnixSignal onOurDeath, string? asUser = null)
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        // Changing the user clears the death signal: so the user first, the signal by a second setpriv.
        string[] user = asUser is null ? [] : ["setpriv", "--reuid", asUser, "--regid", SystemUser.GroupOf(asUser), "--clear-groups", "--"];
        string[] death = ["setpriv", "--pdeathsig", onOurDeath switch { UnixSignal.Interrupt => "INT", UnixSignal.Terminate => "TERM", _ => "KILL" }, "--"];
        foreach (var argument in (string[])[.. user, .. death, program, .. arguments]) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment) start.Environment[name] = value;

        return Start(start);
    }

    /// <summary>Starts a process on the thread whose end is ours; for those that ask for the death signal themselves.</summary>
    public static Task<Process> Start(ProcessStartInfo start)
    {
        _ = Starter.Value;
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Starts.Add(() =>
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception error)
            {
                started.SetException(new CommandFailedException(ExitCode.Failed, $"cannot start {start.FileName}: {error.Message}", error));
            }
        });
        return started.Task;
    }
}

/// <summary>Users of this machine.</summary>
static class SystemUser
{
    public static bool Exists(string name) => Fields(name) is not null;

    /// <summary>The number of a user's primary group.</summary>
    public static string GroupOf(string name) =>
        Fields(name)?[3] ?? throw new CommandFailedException(ExitCode.Failed, $"there is no user {name} on this machine to run PostgreSQL as: make one (adduser --system --group {name}), or run ./kdr as a normal user");

    static string[]? Fields(string name) =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields[0] == name);
}
