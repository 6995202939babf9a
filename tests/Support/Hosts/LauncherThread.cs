using System.Collections.Concurrent;
using System.Diagnostics;

namespace KdRobust.Support;

/// <summary>
/// Starts programs that end with us, even when we are killed. The kernel tells a child of the end of the thread that started
/// it, so one thread that lives as long as this process starts them all.
/// </summary>
static class LauncherThread
{
    static readonly BlockingCollection<(ProcessStartInfo Start, TaskCompletionSource<Process> Started)> Asked = [];

    static LauncherThread() => new Thread(Serve) { IsBackground = true, Name = "launcher" }.Start();

    /// <summary>Starts one; its output is what <paramref name="start"/> says.</summary>
    internal static Task<Process> Launch(ProcessStartInfo start)
    {
        var program = start.FileName;
        List<string> arguments = [.. start.ArgumentList];
        start.ArgumentList.Clear();
        foreach (var argument in (string[])["--pdeathsig", "KILL", "--", program, .. arguments])
            start.ArgumentList.Add(argument);
        start.FileName = "setpriv";
        var started = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        Asked.Add((start, started));
        return started.Task;
    }

    static void Serve()
    {
        foreach (var (start, started) in Asked.GetConsumingEnumerable())
        {
            try
            {
                started.SetResult(Process.Start(start)!);
            }
            catch (Exception error)
            {
                started.SetException(error);
            }
        }
    }
}
