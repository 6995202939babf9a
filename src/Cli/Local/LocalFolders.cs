using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace KdRobust.Cli.Local;

/// <summary>Where one checkout keeps what its local service needs. Nothing is made here until it is used.</summary>
/// <param name="Root">The checkout.</param>
sealed partial record LocalFolders(string Root)
{
    /// <summary>Everything local that is not built: safe to delete when nothing runs, except for the results in the database.</summary>
    public string State => Path.Combine(Root, ".kdr");

    /// <summary>Who runs, and where; see <see cref="ServiceRecord"/>.</summary>
    public string Run => Path.Combine(State, "run");

    public string Logs => Path.Combine(State, "log");

    /// <summary>The local service's admin key, mode 0600.</summary>
    public string KeyFile => Path.Combine(State, "key");

    /// <summary>Settings of the service's chores, where somebody wrote some.</summary>
    public string Chores => Path.Combine(State, "chores.json");

    /// <summary>What <c>kdr demo</c> leaves for its reader.</summary>
    public string Demo => Path.Combine(State, "demo");

    /// <summary>What <c>kdr data fetch</c> downloaded.</summary>
    public string FetchedData => Path.Combine(State, "data");

    /// <summary>
    /// PostgreSQL's files. As root they lie outside the checkout, because the user postgres can seldom enter it
    /// (/root is closed to it), under a name that only this checkout's path gives.
    /// </summary>
    public string Postgres => IsRoot ? Path.Combine("/var/lib/kdrobust", Hash(Root)) : Path.Combine(State, "pg");

    /// <summary>True when we run as root, which PostgreSQL refuses.</summary>
    public static bool IsRoot { get; } = GetEffectiveUser() == 0;

    /// <summary>The checkout: <c>KDR_ROOT</c> (set by ./kdr), else the nearest folder above this program that holds the solution, else the current folder.</summary>
    public static LocalFolders Find()
    {
        if (Environment.GetEnvironmentVariable("KDR_ROOT") is { Length: > 0 } named) return new LocalFolders(Path.GetFullPath(named));
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "KdRobust.sln"))) return new LocalFolders(folder.FullName);
        return new LocalFolders(Environment.CurrentDirectory);
    }

    /// <summary>
    /// A program of ours, e.g. <c>Api</c>: beside this one in the build's output, else in the checkout's Release build.
    /// </summary>
    /// <exception cref="CommandFailedException">It is not built.</exception>
    public string Program(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        string[] candidates =
        [
            Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, $"KdRobust.{project}.dll"),
            Path.Combine(Root, "artifacts", "bin", project, "release", $"KdRobust.{project}.dll"),
        ];
        return candidates.Select(Path.GetFullPath).FirstOrDefault(File.Exists)
            ?? throw new CommandFailedException(ExitCode.Failed, $"{project} is not built ({Path.GetFullPath(candidates[1])} does not exist): run it through ./kdr, which builds what is missing");
    }

    /// <summary>Makes a folder only we may enter.</summary>
    /// <exception cref="CommandFailedException">The disk is full or the place is not ours.</exception>
    public static void MakePrivate(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailedException(ExitCode.Failed, $"cannot make the folder {folder}: {error.Message}", error);
        }
    }

    /// <summary>Sixteen hex digits that stand for a path.</summary>
    internal static string Hash(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))))[..16];

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
