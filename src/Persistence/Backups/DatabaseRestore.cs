using System.Globalization;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Backups;

/// <summary>Puts a backup in the place of a database, in one transaction: afterwards it is the backup's, or it is what it was.</summary>
/// <param name="connectionString">An Npgsql connection string; its user must own the database.</param>
public sealed class DatabaseRestore(string connectionString)
{
    /// <summary>
    /// Added to the fence of every job that has not succeeded. Workers of the time after the backup may still run, with fences
    /// the restored rows have not reached yet: without this they would one day meet a claim of their own number.
    /// </summary>
    public const long FenceLeap = 1_000_000;

    const string Before =
        """
        SET client_min_messages = warning;
        DROP SCHEMA IF EXISTS quartz CASCADE;
        DROP SCHEMA IF EXISTS hangfire CASCADE;
        DROP SCHEMA public CASCADE;
        CREATE SCHEMA public;
        ALTER SCHEMA public OWNER TO pg_database_owner;
        GRANT USAGE ON SCHEMA public TO PUBLIC;
        """;

    static readonly string After = string.Create(CultureInfo.InvariantCulture,
        $"""
        ALTER TABLE public.job DISABLE TRIGGER USER;
        UPDATE public.job SET fence = fence + {FenceLeap} WHERE state <> 'Succeeded';
        ALTER TABLE public.job ENABLE TRIGGER USER;
        DO $$
        DECLARE routine regprocedure;
        BEGIN
            -- Rights are not part of a backup; nobody may run these because of that.
            FOR routine IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef LOOP
                EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
            END LOOP;
        END $$;
        """);

    /// <summary>Restores a backup. A running job of its time is taken back by the reaper once the service runs again.</summary>
    /// <param name="file">The dump; its manifest lies beside it.</param>
    /// <param name="evenIfNotEmpty">Confirmed that everything in the database is replaced.</param>
    /// <param name="ct">Gives up; the database is then what it was.</param>
    /// <exception cref="DatabaseNotEmptyException">It is not empty and nobody confirmed.</exception>
    /// <exception cref="BackupException">It cannot be done.</exception>
    public async Task<BackupManifest> Read(string file, bool evenIfNotEmpty, CancellationToken ct = default)
    {
        var client = PostgresClient.Find(connectionString);
        var manifest = await BackupManifest.ReadChecked(file, ct);
        if (manifest.Migrations.Except(Database.Migrations, StringComparer.Ordinal).LastOrDefault() is { } unknown)
            throw new BackupException($"{file} was made by a newer version ({manifest.Program}; its schema has {unknown}, which is not known here): restore it with that version");

        await using var database = Database.Open(connectionString, "kdr-restore");
        await using (var connection = await database.OpenLiving(ct))
            await Check(connection, manifest, file, evenIfNotEmpty, ct);
        var scripts = Directory.CreateTempSubdirectory("kdr-restore-").FullName;
        try
        {
            var (before, after) = (Path.Combine(scripts, "before.sql"), Path.Combine(scripts, "after.sql"));
            await File.WriteAllTextAsync(before, Before, ct);
            await File.WriteAllTextAsync(after, After, ct);
            await client.Pipe(
                ("pg_restore", ["--no-owner", "--no-privileges", "--file=-", Path.GetFullPath(file)]),
                ("psql", ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null", $"--file={before}", "--file=-", $"--file={after}"]), ct);
        }
        finally
        {
            Directory.Delete(scripts, recursive: true);
        }

        await using var restored = await database.OpenLiving(ct);
        var rows = await DatabaseBackup.Count(restored, ct);
        var wrong = manifest.Rows.Where(table => rows.GetValueOrDefault(table.Key, -1) != table.Value).Select(table => $"{table.Key} has {rows.GetValueOrDefault(table.Key)} rows, not {table.Value}").ToList();
        return wrong.Count == 0 ? manifest : throw new BackupException($"the restored database differs from the manifest of {file}: {string.Join("; ", wrong)}");
    }

    static async Task Check(NpgsqlConnection connection, BackupManifest manifest, string file, bool evenIfNotEmpty, CancellationToken ct)
    {
        var version = int.Parse((await connection.Value<string>("SELECT current_setting('server_version_num')", [], ct))!, CultureInfo.InvariantCulture);
        if (version / 10_000 < manifest.PostgresVersion / 10_000)
            throw new BackupException($"{file} comes from PostgreSQL {manifest.PostgresVersion / 10_000}, and this server is {version / 10_000}: restore it into {manifest.PostgresVersion / 10_000} or newer");
        var tables = await connection.Value<long>(
            """
            SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
            WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema') AND nspname NOT LIKE 'pg\_%'
            """,
            [], ct);
        if (tables > 0 && !evenIfNotEmpty)
            throw new DatabaseNotEmptyException(connection.Database, tables);
        var others = await connection.Rows(
            "SELECT DISTINCT coalesce(nullif(application_name, ''), 'an unnamed program') FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' ORDER BY 1",
            [], reader => reader.GetString(0), ct);
        if (others.Count > 0)
            throw new BackupException($"the database {connection.Database} is in use by {string.Join(", ", others)}: stop the API and every worker first");
    }
}
