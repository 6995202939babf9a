using System.Runtime.InteropServices;
using KdRobust.Worker.Frames;
using Microsoft.Win32.SafeHandles;

namespace KdRobust.Worker.Running;

/// <summary>
/// The pipes a run process was started with, taken off standard input and output: whatever a library prints goes to
/// standard error from then on and cannot be taken for a frame.
/// </summary>
static partial class StandardPipes
{
    internal static FramePipe Take()
    {
        var from = Duplicate(0);
        var to = Duplicate(1);
        Check(ReplaceDescriptor(2, 1), "dup2");
        return new FramePipe(
            new FileStream(new SafeFileHandle(from, ownsHandle: true), FileAccess.Read, bufferSize: 0),
            new FileStream(new SafeFileHandle(to, ownsHandle: true), FileAccess.Write, bufferSize: 0));
    }

    /// <summary>Ends this process at once, whatever its other threads compute.</summary>
    [LibraryImport("libc", EntryPoint = "_exit")]
    internal static partial void EndNow(int status);

    static int Duplicate(int descriptor) => Check(DuplicateAbove(descriptor, FDuplicateCloseOnExec, 10), "fcntl");

    static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed with error {Marshal.GetLastPInvokeError()}");

    // F_DUPFD_CLOEXEC: a program started from here must not keep the pipe open.
    const int FDuplicateCloseOnExec = 1030;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int DuplicateAbove(int descriptor, int command, int lowest);

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int ReplaceDescriptor(int source, int target);
}
