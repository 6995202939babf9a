using System.Globalization;

namespace KdRobust.Support;

/// <summary>Where PostgreSQL's programs are, and how to start one of them as a user it accepts.</summary>
/// <param name="Folder">Folder that holds initdb and postgres.</param>
/// <param name="User">User to run as: null for ourselves; PostgreSQL refuses root.</param>
public sealed record PostgresPrograms(string Folder, string? User)
{
    internal const string NotFound =
        "no PostgreSQL: install postgresql, let PGBIN name the folder with initdb and postgres, or let KDR_TEST_POSTGRES hold a connection string";

    static readonly Lazy<PostgresPrograms?> Found = new(Look);

    /// <summary>The programs in PGBIN, else the newest under /usr/lib/postgresql; null when there are none.</summary>
    public static PostgresPrograms? Find() => Found.Value;

    /// <summary>Program and arguments that run one of PostgreSQL's programs as <see cref="User"/>.</summary>
    public (string Program, string[] Arguments) Command(string program, params string[] arguments)
    {
        var path = Path.Combine(Folder, program);
        return User is null
            ? (path, arguments)
            : ("setpriv", ["--reuid", User, "--regid", Group(User), "--clear-groups", "--", path, .. arguments]);
    }

    /// <summary>Makes an empty folder that only <see cref="User"/> (or we) may enter.</summary>
    public async Task MakeFolder(string path)
    {
        string[] owner = User is null ? [] : ["-o", User, "-g", Group(User)];
        var made = await ChildProcess.Run("install", ["-d", "-m", "0700", .. owner, path]);
        if (made.ExitCode != 0)
            throw new InvalidOperationException($"cannot make {path}: {made.Text}");
    }

    static PostgresPrograms? Look()
    {
        var named = Environment.GetEnvironmentVariable("PGBIN");
        var folder = string.IsNullOrEmpty(named) ? Newest() : named;
        if (folder is null || !File.Exists(Path.Combine(folder, "initdb")) || !File.Exists(Path.Combine(folder, "postgres")))
            return null;
        var user = !TestEnvironment.IsRoot ? null : Exists("postgres") ? "postgres" : "nobody";
        return new PostgresPrograms(folder, user);
    }

    static string? Newest() =>
        !Directory.Exists("/usr/lib/postgresql")
            ? null
            : Directory.GetDirectories("/usr/lib/postgresql")
                .Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _))
                .OrderByDescending(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
                .Select(path => Path.Combine(path, "bin"))
                .FirstOrDefault(path => File.Exists(Path.Combine(path, "initdb")));

    static bool Exists(string user) => Fields(user) is not null;

    /// <summary>The numeric primary group, since nobody's group has another name than nobody.</summary>
    static string Group(string user) =>
        Fields(user)?[3] ?? throw new InvalidOperationException($"there is no user {user} in /etc/passwd to run PostgreSQL as");

    static string[]? Fields(string user) =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).FirstOrDefault(fields => fields[0] == user);
}
