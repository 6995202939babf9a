using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

/// <summary>Statements that go to the server together.</summary>
public sealed class TogetherTests
{
    [PostgresFact]
    public async Task Each_statement_gets_its_own_answer_however_many_are_in_use_on_a_connection()
    {
        await using var database = await MigratedDatabase.Create();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        // More statements than the driver keeps prepared by itself, each of them often.
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            // As the program does: many different batches, of statements that take the same and answer in the same form.
            var asked = Enumerable.Range(0, 12).Select(_ => random.Next(60)).ToList();
            await using var batch = await connection.Together(default, asked.Select(number => ($"SELECT $1::int + {number}", new object?[] { round })));
            await using (var reader = await batch.ExecuteReaderAsync())
            {
                foreach (var number in asked)
                    (await reader.Rows(row => row.GetInt32(0), default)).ShouldHaveSingleItem().ShouldBe(round + number, $"round {round}");
            }
            // And statements by themselves, which the driver prepares as it likes.
            foreach (var number in Enumerable.Range(0, 12).Select(_ => random.Next(60)))
                (await connection.Value<int>($"SELECT $1::int + {number}", [round], default)).ShouldBe(round + number, $"round {round}");
        }
    }

    // Left to the driver's own preparing, which replaces one statement by another, a connection on which batches are given up in
    // the middle answers a statement with another's rows, or not at all: one in two such connections within 1500 batches.
    [PostgresFact]
    public async Task Each_statement_gets_its_own_answer_when_others_were_given_up_on_the_same_connection()
    {
        await using var database = await MigratedDatabase.Create();
        for (var seed = 1; seed <= 4; seed++)
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
