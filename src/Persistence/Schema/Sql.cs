using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>Statements with positional parameters ($1, $2, ...), which the server prepares by itself after a few uses.</summary>
static class Sql
{
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

    /// <summary>The first value of the first row; default when there is no row or it is null.</summary>
    internal static async Task<T?> Value<T>(this NpgsqlConnection connection, string sql, object?[] values, CancellationToken ct)
    {
        await using var command = connection.Statement(sql, values);
        return await command.ExecuteScalarAsync(ct) is T value ? value : default;
    }

    internal static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
