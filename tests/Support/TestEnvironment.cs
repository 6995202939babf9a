using System.Runtime.InteropServices;

namespace KdRobust.Support;

/// <summary>
/// What this machine offers to the tests, read once. A part that is not named is a reason to skip; a part that is
/// named but is not there is an error, so that a typing mistake never passes as a skip.
/// </summary>
public static class TestEnvironment
{
    /// <summary>Folder of golden vectors (variable KDR_GOLDEN): manifest.json with its .f32 and .u8 files.</summary>
    public static string? Golden { get; } = Folder("KDR_GOLDEN");

    /// <summary>Folder with cifar10-mini/ and, where unpacked, cifar-10-batches-bin/ (variable KDR_DATA).</summary>
    public static string? Data { get; } = Folder("KDR_DATA");

    /// <summary>Folder of public pretrained weights (variable KDR_WEIGHTS).</summary>
    public static string? Weights { get; } = Folder("KDR_WEIGHTS");

    /// <summary>True when the tests run as root, where PostgreSQL needs another user.</summary>
    public static bool IsRoot { get; } = !OperatingSystem.IsWindows() && LibC.GetEffectiveUser() == 0;

    static string? Folder(string variable)
    {
        var value = Environment.GetEnvironmentVariable(variable);
        return string.IsNullOrWhiteSpace(value) ? null : Path.GetFullPath(value);
    }
}

/// <summary>The calls of the C library that .NET does not offer.</summary>
static partial class LibC
{
    internal const int Interrupt = 2, Quit = 3, Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    internal static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Signal(int process, int signal);
}
