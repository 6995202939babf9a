using System.Collections.Concurrent;
using System.Globalization;
using Npgsql;

namespace KdRobust.Support;

/// <summary>Databases prepared once per process, and copies of them.</summary>
sealed class TemplateDatabases(PostgresCluster cluster)
{
    static readonly string Prefix = $"kdr_{string.Concat(Environment.MachineName.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit).Take(16))}_";

    readonly ConcurrentDictionary<string, Lazy<Task<string>>> prepared = new(StringComparer.Ordinal);
    readonly SemaphoreSlim copying = new(1); // PostgreSQL refuses two copies of one template at the same time.
    int count;

    /// <summary>Name of the database that was prepared under this name; prepares it at the first call.</summary>
    internal Task<string> Prepared(string name, Func<string, Task> prepare) =>
        prepared.GetOrAdd(name, _ => new Lazy<Task<string>>(() => Prepare(name, prepare))).Value;

    /// <summary>A fresh copy of a database.</summary>
    internal async Task<TestDatabase> Copy(string template)
    {
        var name = NextName("t");
        await Create(name, template);
        return new TestDatabase(name, cluster.ConnectionString(name), Administration);
    }

    /// <summary>Drops what test processes of this machine left behind that no longer run, on a server that outlives them.</summary>
    internal async Task Sweep()
    {
        await using var connection = new NpgsqlConnection(Administration);
        await connection.OpenAsync();
        var names = new List<string>();
        await using (var list = new NpgsqlCommand("SELECT datname FROM pg_database WHERE starts_with(datname, @prefix)", connection))
        {
            list.Parameters.AddWithValue("prefix", Prefix);
            await using var reader = await list.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                names.Add(reader.GetString(0));
        }
        foreach (var name in names.Where(name => ServerProcesses.StartOf(int.Parse(name[Prefix.Length..].Split('_')[0], CultureInfo.InvariantCulture)) is null))
        {
            await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)", connection);
            await drop.ExecuteNonQueryAsync();
        }
    }

    async Task<string> Prepare(string name, Func<string, Task> prepare)
    {
        var database = NextName($"template_{name}");
        await Create(database, "template0");
        var connection = new NpgsqlConnectionStringBuilder(cluster.ConnectionString(database)) { Pooling = false };
        await prepare(connection.ConnectionString);
        return database;
    }

    async Task Create(string name, string template)
    {
        await copying.WaitAsync();
        try
        {
            await using var connection = new NpgsqlConnection(Administration);
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand($"CREATE DATABASE \"{name}\" TEMPLATE \"{template}\"", connection);
            await create.ExecuteNonQueryAsync();
        }
        finally
        {
            copying.Release();
        }
    }

    string Administration => new NpgsqlConnectionStringBuilder(cluster.ConnectionString()) { Pooling = false }.ConnectionString;

    string NextName(string kind) => $"{Prefix}{Environment.ProcessId}_{kind}_{Interlocked.Increment(ref count)}";
}
