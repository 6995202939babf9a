using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Arrange;

/// <summary>A database of one test class with our schema.</summary>
public sealed class MigratedDatabase() : PostgresFixture("migrated", Migrate)
{
    /// <summary>A database of one test with our schema, on the shared cluster.</summary>
    public static async Task<TestDatabase> Create() => await Create(await PostgresCluster.Shared);

    /// <summary>A database of one test with our schema.</summary>
    public static Task<TestDatabase> Create(PostgresCluster cluster) => cluster.CreateDatabase("migrated", Migrate);

    static async Task Migrate(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        await KdRobust.Persistence.Schema.Database.Migrate(database);
    }
}
