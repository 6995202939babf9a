using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Idempotency;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

/// <summary>The pool resets nothing when a connection is given back: whoever changed its session must have restored it. Each pool here has few connections, so that the next borrower gets the same.</summary>
public sealed class PooledConnectionTests(MigratedDatabase migrated) : IClassFixture<MigratedDatabase>
{
    [PostgresFact]
    public async Task A_transaction_that_was_left_open_is_rolled_back()
    {
        await using var pool = Pool(1);
        await using (var connection = await pool.OpenConnectionAsync())
        {
            await connection.Execute("CREATE TABLE left_open (id int)", [], default);
            await connection.Execute("BEGIN", [], default);
            await connection.Execute("INSERT INTO left_open VALUES (1)", [], default);
        }
        (await Value<long>(pool, "SELECT count(*) FROM left_open")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task A_feed_that_ended_leaves_no_listening_connection()
    {
        await using var pool = Pool(1);
        await using (var feed = new ChangeFeed(pool, [ChangeTopic.Ready, ChangeTopic.Job], TimeSpan.FromSeconds(60), NullLogger<ChangeFeed>.Instance))
        {
            await using var changes = feed.Listen().GetAsyncEnumerator();
            (await changes.MoveNextAsync()).ShouldBeTrue();
            await feed.Listening;
        }
        (await Value<long>(pool, "SELECT count(*) FROM pg_listening_channels()")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task The_turn_of_an_idempotency_key_leaves_neither_lock_nor_patience()
    {
        await using var pool = Pool(1);
        using var store = new IdempotencyStore(pool);
        await using (await store.Hold("ada", "a", TimeSpan.FromSeconds(7)))
        {
        }
        await ShouldBeClean(pool);
    }

    [PostgresFact]
    public async Task Who_waited_in_vain_for_an_idempotency_key_leaves_neither_lock_nor_patience()
    {
        await using var pool = Pool(1);
        await using var other = Pool(1);
        using var store = new IdempotencyStore(pool);
        using var holder = new IdempotencyStore(other);
        await using (await holder.Hold("ada", "b", TimeSpan.FromSeconds(60)))
        {
            (await store.Hold("ada", "b", TimeSpan.FromMilliseconds(200))).ShouldBeNull();
            using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            await Should.ThrowAsync<OperationCanceledException>(() => store.Hold("ada", "b", TimeSpan.FromSeconds(60), leaving.Token));
        }
        await ShouldBeClean(pool);
    }

    [PostgresFact]
    public async Task Migrating_leaves_the_patience_with_idle_transactions()
    {
        await using var database = await (await PostgresCluster.Shared).CreateDatabase();
        await using var pool = Database.Open(database.ConnectionString + ";Maximum Pool Size=2", "pooled");
        (await Database.Migrate(pool)).ShouldNotBeEmpty();
        await using var first = await pool.OpenConnectionAsync();
        await using var second = await pool.OpenConnectionAsync();
        foreach (var connection in (NpgsqlConnection[])[first, second])
        {
            (await connection.Value<string>("SELECT current_setting('idle_in_transaction_session_timeout')", [], default)).ShouldBe("5s");
            (await connection.Value<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()", [], default)).ShouldBe(0);
        }
    }

    static async Task ShouldBeClean(NpgsqlDataSource pool)
    {
        (await Value<long>(pool, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")).ShouldBe(0);
        (await Value<string>(pool, "SELECT current_setting('lock_timeout')")).ShouldBe("0");
    }

    NpgsqlDataSource Pool(int size) => Database.Open($"{migrated.Database.ConnectionString};Maximum Pool Size={size}", "pooled");

    static async Task<T?> Value<T>(NpgsqlDataSource pool, string sql)
    {
        await using var connection = await pool.OpenConnectionAsync();
        return await connection.Value<T>(sql, [], default);
    }
}
