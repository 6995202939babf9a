using Hangfire.PostgreSql;
using Npgsql;

namespace KdRobust.Queue.Hangfire;

/// <summary>Hangfire's own tables, in a schema of their own of the service's database. Nothing is lost with them.</summary>
public static class HangfireTables
{
    /// <summary>The schema.</summary>
    public const string SchemaName = "hangfire";

    // "hangfire" as bytes.
    const long Lock = 0x68616e6766697265;

    /// <summary>Makes the tables, or brings them up to this version of Hangfire; any number of programs may ask at once. Needs the right to change the schema only when there is something to do.</summary>
    public static async Task Ensure(NpgsqlDataSource database, CancellationToken ct = default)
    {
        await using var guard = await database.OpenConnectionAsync(ct);
        await Run(guard, $"SELECT pg_advisory_lock({Lock})");
        try
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            PostgreSqlObjectsInstaller.Install(connection, SchemaName);
        }
        finally
        {
            await Run(guard, $"SELECT pg_advisory_unlock({Lock})");
        }
    }

    static async Task Run(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 300 };
        await command.ExecuteNonQueryAsync();
    }
}
