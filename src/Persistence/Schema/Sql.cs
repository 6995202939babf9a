using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>Statements with positional parameters ($1, $2, ...), which the driver prepares by itself after a few uses.</summary>
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

    /// <summary>
    /// Asks something that may be asked twice, in as few round trips as it takes: without looking first whether the pooled
    /// connection lives, as <see cref="OpenLiving"/> does. One that turns out broken is replaced.
    /// </summary>
    internal static async Task<T> Ask<T>(this NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> question, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(ct);
                return await question(connection);
            }
            catch (Exception error) when (attempt < 3 && !ct.IsCancellationRequested && Database.IsWeather(error) && error.InnerException is not TimeoutException)
            {
                database.Clear();
            }
        }
    }

    /// <summary>As <see cref="Ask"/>, in turn with the others: for what is asked often and answered in a moment, whatever the database holds.</summary>
    internal static async Task<T> AskBriefly<T>(this NpgsqlDataSource database, Func<NpgsqlConnection, Task<T>> question, CancellationToken ct)
    {
        using var turn = await Turns.Take(database, ct);
        return await database.Ask(question, ct);
    }

    /// <summary>Statements that go to the server together and come back together: one round trip, and one more the first time on a connection.</summary>
    /// <remarks>
    /// They are prepared by name. The driver's own preparing makes room by replacing one statement by another, and when a batch in which it
    /// does so is given up in the middle it loses count: from then on a statement may be answered with another's rows (Npgsql 10.0.0).
    /// What is prepared by name stays with the connection: their texts are constants, and whatever differs is a parameter.
    /// </remarks>
    internal static async Task<NpgsqlBatch> Together(this NpgsqlConnection connection, CancellationToken ct, params IEnumerable<(string Sql, object?[] Values)> statements)
    {
        var batch = new NpgsqlBatch(connection);
        try
        {
            foreach (var (sql, values) in statements)
            {
                var command = new NpgsqlBatchCommand(sql);
                foreach (var value in values)
                    command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
                batch.BatchCommands.Add(command);
            }
            await batch.PrepareAsync(ct);
            return batch;
        }
        catch
        {
            await batch.DisposeAsync();
            throw;
        }
    }

    /// <summary>The rows of a batch's present result; goes on to the next.</summary>
    internal static async Task<List<T>> Rows<T>(this NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken ct)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(ct))
            rows.Add(read(reader));
        await reader.NextResultAsync(ct);
        return rows;
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
    internal static Task<int> LockOwner(this NpgsqlConnection connection, string owner, CancellationToken ct)
    {
        var (sql, values) = OwnersLock(owner);
        return connection.Execute(sql, values, ct);
    }

    /// <summary>The statement of <see cref="LockOwner"/>.</summary>
    internal static (string Sql, object?[] Values) OwnersLock(string owner) => ("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", ["submit " + owner]);

    /// <summary>The first value of the first row; default when there is no row or it is null.</summary>
    internal static async Task<T?> Value<T>(this NpgsqlConnection connection, string sql, object?[] values, CancellationToken ct)
    {
        await using var command = connection.Statement(sql, values);
        return await command.ExecuteScalarAsync(ct) is T value ? value : default;
    }

    internal static DateTimeOffset? Time(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);

    internal static string? Text(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
