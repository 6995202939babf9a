using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>Statements with positional parameters ($1, $2, ...), which the server prepares by itself after a few uses.</summary>
static class Sql
{
    /// <summary>
    /// A connection that has just answered. After a restart of the server every pooled connection is broken and nobody knows
    /// before it is used; for whoever answers a person, one round trip is a fair price for not failing then.
    /// </summary>
    internal static async Task<NpgsqlConnection> OpenLiving(this NpgsqlDataSource database, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = await database.OpenConnectionAsync(ct);
            try
            {
                await using var ask = new NpgsqlCommand("SELECT 1", connection);
                await ask.ExecuteScalarAsync(ct);
                return connection;
            }
            catch (Exception error) when (attempt < 3 && Database.IsWeather(error))
            {
                await connection.DisposeAsync();
                database.Clear();
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }
    }

    internal static NpgsqlCommand Statement(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        return command;
    }

    internal static async Task<int> Execute(this NpgsqlConnection connection, string sql, object?[] values, CancellationToken ct)
    {
        await using var command = connection.Statement(sql, values);
        return await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Rows, read to the end before anything else happens on the connection.</summary>
    internal static async Task<List<T>> Rows<T>(this NpgsqlConnection connection, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        await using var command = connection.Statement(sql, values);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>
    /// Lets one transaction of an owner at a time decide what its experiments need: two submissions of the same spec find each
    /// other, and no file is deleted while a submission that reads it is being stored.
    /// </summary>
    internal static Task<int> LockOwner(this NpgsqlConnection connection, string owner, CancellationToken ct) =>
        connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", ["submit " + owner], ct);

    /// <summary>The first value of the first row; default when there is no row or it is null.</summary>
    internal static async Task<T?> Value<T>(this NpgsqlConnection connection, string sql, object?[] values, CancellationToken ct)
    {
        await using var command = connection.Statement(sql, values);
        return await command.ExecuteScalarAsync(ct) is T value ? value : default;
    }

    internal static DateTimeOffset? Time(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    internal static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
