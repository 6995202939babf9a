using Xunit;

namespace KdRobust.Support;

/// <summary>
/// A fresh database for one test class (IClassFixture), on the cluster of the test process. Derive to prepare it, e.g.
/// with the schema: the preparation runs once per process and is copied.
/// </summary>
public class PostgresFixture : IAsyncLifetime
{
    readonly string? preparation;
    readonly Func<string, Task>? prepare;
    TestDatabase? database;

    /// <summary>An empty database.</summary>
    public PostgresFixture()
    {
    }

    /// <summary>A copy of the database that <paramref name="prepare"/> fills.</summary>
    /// <param name="preparation">Name of the preparation, the same for every class that shares it.</param>
    /// <param name="prepare">Receives a connection string to an empty database; must close what it opens there.</param>
    protected PostgresFixture(string preparation, Func<string, Task> prepare) => (this.preparation, this.prepare) = (preparation, prepare);

    /// <summary>The database. Only tests with <see cref="PostgresFactAttribute"/> may ask for it.</summary>
    public TestDatabase Database =>
        database ?? throw new InvalidOperationException("there is no PostgreSQL here: mark the test with PostgresFact, so that it is skipped");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (SkipReason.Postgres is not null)
            return;
        var cluster = await PostgresCluster.Shared;
        database = prepare is null ? await cluster.CreateDatabase() : await cluster.CreateDatabase(preparation!, prepare);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
    }
}
