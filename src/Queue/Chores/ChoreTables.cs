using Npgsql;
using Quartz;

namespace KdRobust.Queue.Chores;

/// <summary>The scheduler's own tables, in a schema of their own of the service's database.</summary>
public static class ChoreTables
{
    /// <summary>The schema.</summary>
    public const string SchemaName = "quartz";

    internal const string Prefix = "qrtz_";

    // "quartz" as bytes.
    const long Lock = 0x71756172747a;
    const string Script = "Quartz.Impl.AdoJobStore.Schema.create_postgres.sql";

    /// <summary>
    /// Makes the tables if they are not there, by the scheduler's own script, all or none; any number of programs may ask at
    /// once. Needs the right to make a schema only the first time.
    /// </summary>
    public static async Task Ensure(NpgsqlDataSource database, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await Run($"SELECT pg_advisory_xact_lock({Lock})");
        await using (var ask = new NpgsqlCommand($"SELECT to_regclass('{SchemaName}.{Prefix}scheduler_state') IS NOT NULL", connection))
        {
            if (await ask.ExecuteScalarAsync(ct) is true)
                return;
        }
        // IF NOT EXISTS would ask for the right to make schemas even where there is one.
        await Run($"DO $$ BEGIN IF to_regnamespace('{SchemaName}') IS NULL THEN CREATE SCHEMA {SchemaName}; END IF; END $$");
        // Unqualified names in the script then mean this schema, as they do in what it looks up.
        await Run($"SET LOCAL search_path = {SchemaName}");
        foreach (var statement in Statements())
            await Run(statement);
        await transaction.CommitAsync(ct);

        async Task Run(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 60 };
            await command.ExecuteNonQueryAsync(ct);
        }
    }

    static IEnumerable<string> Statements()
    {
        using var stream = typeof(IJob).Assembly.GetManifestResourceStream(Script) ?? throw new InvalidOperationException($"this version of the scheduler does not carry {Script}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Replace("\r", "", StringComparison.Ordinal).Split("\n--;;\n").Select(part => part.Replace("{0}", Prefix, StringComparison.Ordinal).Replace("{1}", Prefix, StringComparison.Ordinal))
            .Where(part => part.Split('\n').Any(line => line.Trim().Length > 0 && !line.TrimStart().StartsWith("--", StringComparison.Ordinal)));
    }
}
