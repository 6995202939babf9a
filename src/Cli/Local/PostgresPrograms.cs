using System.Diagnostics;
using System.Globalization;

namespace KdRobust.Cli.Local;

/// <summary>PostgreSQL's server programs on this machine.</summary>
/// <param name="Folder">Folder with initdb and postgres.</param>
/// <param name="User">The user they run as: null for ourselves; they refuse root.</param>
sealed record PostgresPrograms(string Folder, string? User)
{
    /// <summary>Oldest major version the schema is written for.</summary>
    public const int OldestVersion = 15;

    public const string HowToInstall = "install PostgreSQL (apt-get install postgresql), or let PGBIN name the folder with initdb and postgres";

    /// <summary>The programs in <c>PGBIN</c>, else the newest of /usr/lib/postgresql/*/bin, else those on the PATH.</summary>
    /// <exception cref="CommandFailedException">There are none; the message says what to install.</exception>
    public static PostgresPrograms Find()
    {
        var named = Environment.GetEnvironmentVariable("PGBIN");
        if (!string.IsNullOrEmpty(named) && !Holds(named))
            throw new CommandFailedException(ExitCode.Failed, $"PGBIN={named} does not hold initdb and postgres: {HowToInstall}");
        var folder = string.IsNullOrEmpty(named) ? Installed().FirstOrDefault(Holds) : named;
        if (folder is null) throw new CommandFailedException(ExitCode.Failed, $"PostgreSQL is not installed: {HowToInstall}");
        return new PostgresPrograms(folder, !LocalFolders.IsRoot ? null : SystemUser.Exists("postgres") ? "postgres" : "nobody");
    }

    /// <summary>The major version these programs say they are.</summary>
    public async Task<int> MajorVersion()
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Folder, "postgres"), ["--version"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var number = text.Split(' ').FirstOrDefault(word => word.Length > 0 && char.IsAsciiDigit(word[0])) ?? "0";
        return int.Parse(new string([.. number.TakeWhile(char.IsAsciiDigit)]), CultureInfo.InvariantCulture);
    }

    /// <summary>Runs one of the programs to its end as <see cref="User"/>.</summary>
    /// <returns>Exit code and everything it said.</returns>
    public async Task<(int ExitCode, string Said)> Run(string program, IReadOnlyList<string> arguments, string? input = null)
    {
        using var process = await ChildLauncher.Start(
            Path.Combine(Folder, program), arguments, new Dictionary<string, string?> { ["LC_ALL"] = "C" }, UnixSignal.Terminate, User);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return (process.ExitCode, (await error + await output).Trim());
    }

    static bool Holds(string folder) => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres"));

    static IEnumerable<string> Installed()
    {
        const string debian = "/usr/lib/postgresql";
        var versions = Directory.Exists(debian) ? Directory.GetDirectories(debian) : [];
        return versions
            .Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _))
            .OrderByDescending(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .Select(path => Path.Combine(path, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));
    }
}
