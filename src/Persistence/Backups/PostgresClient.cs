using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace KdRobust.Persistence.Backups;

/// <summary>PostgreSQL's client programs, given the database by their environment: no password is seen in a list of processes.</summary>
sealed class PostgresClient
{
    readonly string folder;
    readonly Dictionary<string, string> environment;

    PostgresClient(string folder, Dictionary<string, string> environment) => (this.folder, this.environment) = (folder, environment);

    /// <summary>The programs in PGBIN, else the newest of /usr/lib/postgresql/*/bin, else those on the PATH.</summary>
    /// <exception cref="BackupException">There are none.</exception>
    internal static PostgresClient Find(string connectionString)
    {
        var named = Environment.GetEnvironmentVariable("PGBIN");
        var programs = (string.IsNullOrEmpty(named) ? Installed() : [named]).FirstOrDefault(path => File.Exists(Path.Combine(path, "pg_dump")) && File.Exists(Path.Combine(path, "pg_restore")) && File.Exists(Path.Combine(path, "psql")));
        return programs is not null
            ? new PostgresClient(programs, Variables(new NpgsqlConnectionStringBuilder(connectionString)))
            : throw new BackupException("pg_dump, pg_restore and psql are not here: install postgresql-client of the server's version, or let PGBIN name their folder");
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="BackupException">It failed; the message is what it said.</exception>
    internal async Task Run(string program, IReadOnlyList<string> arguments, CancellationToken ct)
    {
        using var process = Start(program, arguments);
        using var ending = ct.Register(() => Kill(process));
        process.StandardInput.Close();
        var said = Task.WhenAll(process.StandardError.ReadToEndAsync(CancellationToken.None), process.StandardOutput.ReadToEndAsync(CancellationToken.None));
        await process.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
            throw new BackupException($"{program} failed: {Words((await said)[0])}");
    }

    /// <summary>Runs two programs, the first one's output being the other's input.</summary>
    /// <exception cref="BackupException">One of them failed; the message is what the first to fail said.</exception>
    internal async Task Pipe((string Program, IReadOnlyList<string> Arguments) from, (string Program, IReadOnlyList<string> Arguments) to, CancellationToken ct)
    {
        using var first = Start(from.Program, from.Arguments);
        using var second = Start(to.Program, to.Arguments);
        using var ending = ct.Register(() =>
        {
            Kill(first);
            Kill(second);
        });
        first.StandardInput.Close();
        var firstSaid = first.StandardError.ReadToEndAsync(CancellationToken.None);
        var secondSaid = Task.WhenAll(second.StandardError.ReadToEndAsync(CancellationToken.None), second.StandardOutput.ReadToEndAsync(CancellationToken.None));
        var copied = true;
        try
        {
            await first.StandardOutput.BaseStream.CopyToAsync(second.StandardInput.BaseStream, CancellationToken.None);
        }
        catch (IOException)
        {
            copied = false; // The second has ended and says why.
            Kill(first);
        }
        await first.WaitForExitAsync(CancellationToken.None);
        // What is not whole must not be committed: the second must never see an end that is none.
        if (first.ExitCode != 0 || !copied)
            Kill(second);
        try
        {
            second.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended already.
        }
        await second.WaitForExitAsync(CancellationToken.None);
        ct.ThrowIfCancellationRequested();
        if (copied && first.ExitCode != 0)
            throw new BackupException($"{from.Program} failed: {Words(await firstSaid)}");
        if (second.ExitCode != 0)
            throw new BackupException($"{to.Program} failed: {Words((await secondSaid)[0])}");
    }

    Process Start(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, program), arguments)
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    static void Kill(Process process)
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }
    }

    static string Words(string said) =>
        said.Split('\n').Select(line => line.Trim()).LastOrDefault(line => line.Contains("error", StringComparison.OrdinalIgnoreCase)) ?? (said.Trim() is { Length: > 0 } words ? words : "it said nothing");

    static IEnumerable<string> Installed()
    {
        const string debian = "/usr/lib/postgresql";
        return (Directory.Exists(debian) ? Directory.GetDirectories(debian) : [])
            .Where(path => int.TryParse(Path.GetFileName(path), CultureInfo.InvariantCulture, out _))
            .OrderByDescending(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
            .Select(path => Path.Combine(path, "bin"))
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries));
    }

    static Dictionary<string, string> Variables(NpgsqlConnectionStringBuilder named)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["PGAPPNAME"] = "kdr-backup", ["LC_ALL"] = "C" };
        Set("PGHOST", named.Host);
        Set("PGPORT", named.Port.ToString(CultureInfo.InvariantCulture));
        Set("PGUSER", named.Username);
        Set("PGPASSWORD", named.Password);
        Set("PGPASSFILE", named.Passfile);
        Set("PGDATABASE", named.Database ?? named.Username);
        Set("PGSSLMODE", named.SslMode switch
        {
            SslMode.Disable => "disable",
            SslMode.Allow => "allow",
            SslMode.Require => "require",
            SslMode.VerifyCA => "verify-ca",
            SslMode.VerifyFull => "verify-full",
            _ => null,
        });
        Set("PGSSLROOTCERT", named.RootCertificate);
        Set("PGSSLCERT", named.SslCertificate);
        Set("PGSSLKEY", named.SslKey);
        return variables;

        void Set(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                variables[name] = value;
        }
    }
}
