using System.Collections.Concurrent;
using Npgsql;

namespace KdRobust.Support;

/// <summary>Databases prepared once per process, and copies of them.</summary>
sealed class TemplateDatabases(PostgresCluster cluster)
{
    readonly ConcurrentDictionary<string, Lazy<Task<string>>> prepared = new(StringComparer.Ordinal);
    readonly SemaphoreSlim copying = new(1); // PostgreSQL refuses two copies of one template at the same time.
    readonly ConcurrentQueue<string> made = new();
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

    /// <summary>Drops what was prepared, on a server that stays.</summary>
    internal void Drop()
    {
        using var connection = new NpgsqlConnection(Administration);
        connection.Open();
        foreach (var template in made.Where(name => name.StartsWith("kdr_template_", StringComparison.Ordinal)))
        {
            using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS \"{template}\" WITH (FORCE)", connection);
            drop.ExecuteNonQuery();
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
            made.Enqueue(name);
        }
        finally
        {
            copying.Release();
        }
    }

    string Administration => new NpgsqlConnectionStringBuilder(cluster.ConnectionString()) { Pooling = false }.ConnectionString;

    string NextName(string kind) => $"kdr_{kind}_{Environment.ProcessId}_{Interlocked.Increment(ref count)}";
}
