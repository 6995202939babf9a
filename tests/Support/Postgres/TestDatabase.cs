using Npgsql;

namespace KdRobust.Support;

/// <summary>A database of one test or test class; dropped when disposed, with whoever is still connected.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    readonly string administration;

    internal TestDatabase(string name, string connectionString, string administration)
    {
        (Name, ConnectionString, this.administration) = (name, connectionString, administration);
        DataSource = new NpgsqlDataSourceBuilder(connectionString) { Name = name }.Build();
    }

    /// <summary>Name of the database, unique in its cluster.</summary>
    public string Name { get; }

    /// <summary>Connection string to it.</summary>
    public string ConnectionString { get; }

    /// <summary>A pool of connections to it that ends with it.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Runs one statement, e.g. to arrange or to break something.</summary>
    /// <returns>Number of rows changed.</returns>
    public async Task<int> Execute(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>The one value a query returns; default when it returns no row or a null.</summary>
    public async Task<T?> Scalar<T>(string sql)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteScalarAsync() is T value ? value : default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        try
        {
            await using var connection = new NpgsqlConnection(administration);
            await connection.OpenAsync();
            await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS \"{Name}\" WITH (FORCE)", connection);
            await drop.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException error) when (error is not PostgresException)
        {
            // The cluster is down and takes its databases with it.
        }
    }
}
