using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

/// <summary>Statements that go to the server together.</summary>
public sealed class TogetherTests
{
    // Left to the driver's own preparing, which replaces one statement by another, a connection on which batches are given up in
    // the middle answers a statement with another's rows, or not at all. When that comes is chance: in two of three runs of this.
    [PostgresFact]
    public async Task Each_statement_gets_its_own_answer_when_others_were_given_up_on_the_same_connection()
    {
        await using var database = await MigratedDatabase.Create();
        for (var seed = 1; seed <= 6; seed++)
            (await AskAndGiveUp(database, new Random(seed))).ShouldBeGreaterThan(20);
    }

    static async Task<int> AskAndGiveUp(TestDatabase database, Random random)
    {
        await using var pool = Database.Open(new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = 1 }.ConnectionString, "together");
        var givenUp = 0;
        for (var round = 0; round < 1500; round++)
        {
            var asked = Enumerable.Range(0, 10).Select(_ => (Number: random.Next(60), Rows: random.Next(3))).DistinctBy(ask => ask.Number).ToList();
            using var giveUp = new CancellationTokenSource();
            if (round % 2 == 0) giveUp.CancelAfter(TimeSpan.FromMicroseconds(random.Next(4000)));
            try
            {
                await using var connection = await pool.OpenConnectionAsync(giveUp.Token);
                await using var batch = await connection.Together(giveUp.Token, asked.Select(ask => (
                    $"SELECT {ask.Number}, $1::int FROM generate_series(1, $2)" + (ask.Number % 4 == 0 ? ", pg_sleep(0.0004)" : ""), new object?[] { round, ask.Rows })));
                await using var reader = await batch.ExecuteReaderAsync(giveUp.Token);
                foreach (var ask in asked)
                    (await reader.Rows(row => (row.GetInt32(0), row.GetInt32(1)), giveUp.Token)).ShouldBe(Enumerable.Repeat((ask.Number, round), ask.Rows), $"round {round}");
            }
            catch (OperationCanceledException)
            {
                givenUp++;
            }
        }
        return givenUp;
    }

    [PostgresFact]
    public async Task A_statement_that_is_wrong_fails_and_leaves_the_connection_and_the_others_as_they_were()
    {
        await using var database = await MigratedDatabase.Create();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        for (var round = 0; round < 12; round++)
        {
            await Should.ThrowAsync<PostgresException>(async () =>
            {
                await using var batch = await connection.Together(default, ("SELECT $1::int", [round]), ("SELECT nothing_of_that_name", []));
                await batch.ExecuteNonQueryAsync();
            });
            await Should.ThrowAsync<PostgresException>(async () =>
            {
                await using var batch = await connection.Together(default, ("SELECT $1::int", [round]), ("SELECT 1 / $1::int", [0]));
                await batch.ExecuteNonQueryAsync();
            });
            await using var right = await connection.Together(default, ("SELECT $1::int", [round]), ("SELECT 10 + $1::int", [round]));
            await using var reader = await right.ExecuteReaderAsync();
            (await reader.Rows(row => row.GetInt32(0), default)).ShouldBe([round]);
            (await reader.Rows(row => row.GetInt32(0), default)).ShouldBe([10 + round]);
        }
    }
}
