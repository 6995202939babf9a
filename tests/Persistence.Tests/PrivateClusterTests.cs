using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests;

/// <summary>The private PostgreSQL the tests run on: what it does when it is stopped, killed, frozen or left behind.</summary>
public sealed class PrivateClusterTests
{
    [PrivatePostgresFact]
    public async Task A_server_that_was_stopped_or_killed_comes_back_with_what_was_committed()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await cluster.CreateDatabase();
        await database.Execute("CREATE TABLE kept (i int); INSERT INTO kept VALUES (7)");
        foreach (var end in (Func<Task>[])[cluster.Stop, cluster.Kill])
        {
            await end();
            cluster.ProcessId.ShouldBe(0);
            await Should.ThrowAsync<NpgsqlException>(() => Fresh(database, "SELECT i FROM kept"));
            await cluster.Start();
            (await Fresh(database, "SELECT i FROM kept")).ShouldBe(7);
        }
    }

    [PrivatePostgresFact]
    public async Task A_frozen_server_answers_once_it_is_thawed()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await cluster.CreateDatabase();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var query = new NpgsqlCommand("SELECT 5", connection);
        cluster.Freeze();
        var answer = query.ExecuteScalarAsync();
        (await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(300)))).ShouldNotBe(answer);
        cluster.Thaw();
        (await answer).ShouldBe(5);
    }

    [PrivatePostgresFact]
    public async Task Each_database_is_a_copy_of_what_was_prepared_once()
    {
        await using var cluster = await PostgresCluster.StartNew();
        var prepared = 0;
        async Task Prepare(string connectionString)
        {
            Interlocked.Increment(ref prepared);
            await using var source = NpgsqlDataSource.Create(connectionString);
            await using var command = source.CreateCommand("CREATE TABLE a (i int); INSERT INTO a VALUES (1)");
            await command.ExecuteNonQueryAsync();
        }

        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => cluster.CreateDatabase("counted", Prepare)));
        await databases[0].Execute("UPDATE a SET i = 2");
        (await databases[0].Scalar<int>("SELECT i FROM a")).ShouldBe(2);
        (await databases[1].Scalar<int>("SELECT i FROM a")).ShouldBe(1);
        prepared.ShouldBe(1);
        foreach (var database in databases)
            await database.DisposeAsync();
    }

    /// <summary>The reaper waits for the end of its input, which the death of the test process brings, however it dies.</summary>
    [PrivatePostgresFact]
    public async Task The_reaper_ends_the_server_and_deletes_its_folder()
    {
        await using var cluster = await PostgresCluster.StartNew();
        var folder = new NpgsqlConnectionStringBuilder(cluster.ConnectionString()).Host!;
        Directory.Exists(folder).ShouldBeTrue();
        var reaped = await ChildProcess.Run("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "Postgres", "reap.sh"), folder], input: "");
        reaped.ExitCode.ShouldBe(0, reaped.Text);
        Directory.Exists(folder).ShouldBeFalse();
        await Should.ThrowAsync<NpgsqlException>(() => Fresh(cluster.ConnectionString(), "SELECT 1"));
    }

    static Task<int> Fresh(TestDatabase database, string sql) => Fresh(database.ConnectionString, sql);

    /// <summary>Over a connection of its own: a pool would first hand out those the server's end has broken.</summary>
    static async Task<int> Fresh(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (int)(await command.ExecuteScalarAsync())!;
    }
}
