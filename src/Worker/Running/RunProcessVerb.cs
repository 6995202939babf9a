using System.Runtime.InteropServices;
using KdRobust.Domain.Runs;

namespace KdRobust.Worker.Running;

/// <summary>The verb <c>run-process</c>: what a supervisor starts for a slot. Not for people.</summary>
static class RunProcessVerb
{
    static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(45);

    internal static int Run(RunProcessArguments arguments, Func<IRunSource> runs)
    {
        var pipe = StandardPipes.Take();
        // Ctrl-C and a service manager signal the whole group. The supervisor decides; we end with its pipe.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        try
        {
            using var device = DeviceLock.Take(arguments.LockFile, LockLimit);
            new RunProcessLoop(pipe, runs()).Serve(arguments.Compute);
            return 0;
        }
        catch (Exception error) when (error is TimeoutException or RunInputException or DllNotFoundException)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }
}
