using System.Globalization;
using KdRobust.Persistence.Backups;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Api.Hosting;

/// <summary>The verbs <c>backup</c> and <c>restore</c> of this program: they need the database and no running service.</summary>
static class BackupVerbs
{
    const int Failed = 1, Usage = 2, Unreachable = 7;

    /// <summary>Runs one of them.</summary>
    /// <returns>0 done, 1 failed, 2 usage or not confirmed, 7 no database.</returns>
    public static async Task<int> Run(IReadOnlyList<string> arguments, string? database)
    {
        var confirmed = arguments.Contains("--yes");
        var words = arguments.Where(word => word != "--yes").ToList();
        if (words is not [var verb, var file] || file.StartsWith('-') || (confirmed && verb == "backup"))
            return await Say(Usage, $"expected: {arguments[0]} {(arguments[0] == "backup" ? "FILE|FOLDER" : "FILE [--yes]")}");
        if (string.IsNullOrWhiteSpace(database))
            return await Say(Usage, $"{Database.Variable} is not set: it must hold the connection string of PostgreSQL");
        using var stopping = new CancellationTokenSource();
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            stopping.Cancel();
        };
        try
        {
            if (verb == "backup")
                await Backup(database, file, stopping.Token);
            else
                await Restore(database, file, confirmed, stopping.Token);
            return 0;
        }
        catch (DatabaseNotEmptyException refused)
        {
            return await Say(Usage, refused.Message);
        }
        catch (BackupException failed)
        {
            return await Say(Failed, failed.Message);
        }
        catch (PostgresException refused) when (!Database.IsWeather(refused))
        {
            return await Say(Failed, $"PostgreSQL refuses ({refused.MessageText}): does {Database.Variable} name the right user, password and database?");
        }
        catch (Exception error) when (Database.IsWeather(error))
        {
            return await Say(Unreachable, $"PostgreSQL does not answer ({error.Message}): is it running, and does {Database.Variable} name it?");
        }
        catch (OperationCanceledException)
        {
            return await Say(130, "broken off; nothing was changed");
        }
    }

    static async Task Backup(string database, string target, CancellationToken ct)
    {
        var file = Directory.Exists(target) || target.EndsWith('/') ? Path.Combine(target, DatabaseBackup.FileName(TimeProvider.System.GetUtcNow())) : target;
        var manifest = await new DatabaseBackup(database).Write(Path.GetFullPath(file), ct);
        Console.Out.WriteLine(Path.GetFullPath(file));
        await Say(0, string.Create(CultureInfo.InvariantCulture,
            $"{manifest.Bytes} bytes, SHA-256 {manifest.Sha256}: {manifest.Rows.GetValueOrDefault("experiment")} experiments, {manifest.Rows.GetValueOrDefault("job")} jobs, {manifest.Rows.GetValueOrDefault("checkpoint")} checkpoints as of {manifest.CreatedAt:u}"));
    }

    static async Task Restore(string database, string file, bool confirmed, CancellationToken ct)
    {
        var manifest = await new DatabaseRestore(database).Read(Path.GetFullPath(file), confirmed, ct);
        await Say(0, string.Create(CultureInfo.InvariantCulture,
            $"restored as of {manifest.CreatedAt:u}: {manifest.Rows.GetValueOrDefault("experiment")} experiments, {manifest.Rows.GetValueOrDefault("job")} jobs, {manifest.Rows.GetValueOrDefault("checkpoint")} checkpoints. Jobs that ran then are taken up again once the service runs"));
    }

    static async Task<int> Say(int code, string text)
    {
        await Console.Error.WriteLineAsync(text);
        return code;
    }
}
