using System.Globalization;
using System.Reflection;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Backups;

/// <summary>
/// Everything the service knows, in one file, taken while it runs: PostgreSQL's own dump (custom format) of one moment, and a
/// manifest that says of which one. Rights and owners of tables are not part of it.
/// </summary>
/// <param name="connectionString">An Npgsql connection string.</param>
public sealed class DatabaseBackup(string connectionString)
{
    /// <summary>Name of a backup made now, e.g. kdrobust-20261127T030000Z.dump.</summary>
    public static string FileName(DateTimeOffset moment) => string.Create(CultureInfo.InvariantCulture, $"kdrobust-{moment.ToUniversalTime():yyyyMMdd'T'HHmmss'Z'}.dump");

    /// <summary>Writes a backup. The file and its manifest appear whole or not at all.</summary>
    /// <param name="file">Where to; its folder must exist, and it must not.</param>
    /// <param name="ct">Gives up; nothing is left then.</param>
    /// <exception cref="BackupException">It cannot be made.</exception>
    public async Task<BackupManifest> Write(string file, CancellationToken ct = default)
    {
        var client = PostgresClient.Find(connectionString);
        if (Path.GetDirectoryName(Path.GetFullPath(file)) is not { } folder || !Directory.Exists(folder))
            throw new BackupException($"the folder of {file} does not exist: make it first");
        if (File.Exists(file))
            throw new BackupException($"{file} exists: name another file, or delete it first");
        var aside = file + ".part";
        await using var database = Database.Open(connectionString, "kdr-backup");
        try
        {
            var manifest = await Dump(database, client, aside, ct);
            await File.WriteAllTextAsync(BackupManifest.PathOf(aside), JsonSerializer.Serialize(manifest, SpecJson.Indented) + "\n", ct);
            File.Move(aside, file);
            File.Move(BackupManifest.PathOf(aside), BackupManifest.PathOf(file), overwrite: true);
            return manifest;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{file} cannot be written: {error.Message}", error);
        }
        finally
        {
            File.Delete(aside);
            File.Delete(BackupManifest.PathOf(aside));
        }
    }

    static async Task<BackupManifest> Dump(NpgsqlDataSource database, PostgresClient client, string aside, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        // The dump and the counts show one moment: both see this transaction's snapshot.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        await connection.Execute("SET LOCAL idle_in_transaction_session_timeout = 0", [], ct);
        var snapshot = await connection.Value<string>("SELECT pg_export_snapshot()", [], ct);
        var now = await connection.Value<DateTime>("SELECT now()", [], ct);
        var migrations = await connection.Rows("SELECT \"MigrationId\" FROM \"__EFMigrationsHistory\" ORDER BY 1", [], reader => reader.GetString(0), ct);
        var version = await connection.Value<string>("SELECT current_setting('server_version_num')", [], ct);
        var rows = await Count(connection, ct);
        // Weights do not compress: the least effort takes out what text there is.
        await client.Run("pg_dump", ["--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--lock-wait-timeout=60s", $"--snapshot={snapshot}", $"--file={aside}"], ct);
        await using (var written = new FileStream(aside, FileMode.Open, FileAccess.ReadWrite))
            written.Flush(flushToDisk: true);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(aside, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var (bytes, sha256) = await BackupManifest.Measure(aside, ct);
        return new BackupManifest
        {
            Format = BackupManifest.NewestFormat,
            CreatedAt = new DateTimeOffset(now, TimeSpan.Zero),
            Program = Program,
            Migrations = migrations,
            PostgresVersion = int.Parse(version!, CultureInfo.InvariantCulture),
            Bytes = bytes,
            Sha256 = sha256,
            Rows = rows,
        };
    }

    /// <summary>Rows of every table of ours as a transaction sees them. Chunks are counted by their key, not read.</summary>
    internal static async Task<IReadOnlyDictionary<string, long>> Count(NpgsqlConnection connection, CancellationToken ct)
    {
        var tables = await connection.Rows(
            """
            SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
            """,
            [], reader => reader.GetString(0), ct);
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var table in tables)
        {
            await using var count = new NpgsqlCommand($"SELECT count(*) FROM public.\"{table}\"", connection) { CommandTimeout = 600 };
            counts[table] = (long)(await count.ExecuteScalarAsync(ct))!;
        }
        return counts;
    }

    static string Program => typeof(DatabaseBackup).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
