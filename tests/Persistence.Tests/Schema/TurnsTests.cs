using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Schema;

/// <summary>Brief questions take turns, and none of them can hold the others up.</summary>
public sealed class TurnsTests
{
    [PostgresFact]
    public async Task A_question_that_turns_out_long_holds_nobody_up_for_long()
    {
        await using var database = await MigratedDatabase.Create();
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stuck = Enumerable.Range(0, Turns.AtOnce).Select(_ => database.DataSource.AskBriefly(async connection =>
        {
            await end.Task;
            return await connection.Value<int>("SELECT 1", [], default);
        }, default)).ToArray();
        // As many again as there are turns: each of them comes all the same.
        var others = await Task.WhenAll(Enumerable.Range(0, Turns.AtOnce).Select(i => database.DataSource.AskBriefly(connection => connection.Value<int>("SELECT $1::int", [i], default), default))).WaitAsync(TimeSpan.FromSeconds(30));
        others.ShouldBe(Enumerable.Range(0, Turns.AtOnce));
        stuck.ShouldAllBe(question => !question.IsCompleted);
        end.SetResult();
        (await Task.WhenAll(stuck)).ShouldAllBe(answer => answer == 1);
    }

    [PostgresFact]
    public async Task A_question_that_fails_or_is_given_up_gives_its_turn_back()
    {
        await using var database = await MigratedDatabase.Create();
        for (var i = 0; i < 3 * Turns.AtOnce; i++)
        {
            await Should.ThrowAsync<PostgresException>(() => database.DataSource.AskBriefly(connection => connection.Value<int>("SELECT 1 / 0", [], default), default));
            await Should.ThrowAsync<OperationCanceledException>(() => database.DataSource.AskBriefly(connection => connection.Value<int>("SELECT 1", [], default), new CancellationToken(canceled: true)));
        }
        Turns.Free(database.DataSource).ShouldBe(Turns.AtOnce);
    }

    [PostgresFact]
    public async Task Pools_take_turns_by_themselves()
    {
        await using var one = await MigratedDatabase.Create();
        await using var other = await MigratedDatabase.Create();
        using (await Turns.Take(one.DataSource, default))
        {
            Turns.Free(one.DataSource).ShouldBe(Turns.AtOnce - 1);
            Turns.Free(other.DataSource).ShouldBe(Turns.AtOnce);
        }
        Turns.Free(one.DataSource).ShouldBe(Turns.AtOnce);
    }
}
