using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace KdRobust.Persistence.Tests.Changes;

public sealed class ChangeFeedNetworkTests
{
    [PostgresFact]
    public async Task After_cuts_refusals_and_silence_a_reader_that_looks_at_the_rows_has_seen_every_job()
    {
        await using var database = await MigratedDatabase.Create();
        await using var network = DatabaseProxy.Start(database.ConnectionString);
        await using var behind = Database.Open(network.ConnectionString, "feed");
        await using var feed = new ChangeFeed(behind, [ChangeTopic.Job], TimeSpan.FromSeconds(1), NullLogger<ChangeFeed>.Instance);
        var desk = new Desk(database);
        var seen = new HashSet<Guid>();
        var wanted = new HashSet<Guid>();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var all = false;
        var reading = Task.Run(async () =>
        {
            // As every reader here does: a hint only says that the rows are worth a look.
            await foreach (var _ in feed.Listen(null, limit.Token))
            {
                await using var rows = database.DataSource.CreateCommand("SELECT id FROM job");
                await using var reader = await rows.ExecuteReaderAsync(limit.Token);
                while (await reader.ReadAsync(limit.Token))
                    seen.Add(reader.GetGuid(0));
                if (Volatile.Read(ref all) && wanted.IsSubsetOf(seen))
                    return;
            }
        });
        await feed.Listening;
        var accepted = 0;
        for (var i = 0; i < 12; i++)
        {
            switch (i)
            {
                case 2: network.Refuse(); network.Cut(); break;
                case 4: network.Heal(); break;
                case 6: network.Swallow(); break;
                case 9: network.Heal(); break;
                default: accepted = network.Accepted; network.Cut(); break;
            }
            wanted.Add(await desk.SubmitOneJob());
        }
        Volatile.Write(ref all, true);
        await reading;
        seen.ShouldBe(wanted, ignoreOrder: true);
        await Eventually.Holds("it listens again after the last cut", () => Task.FromResult(network.Accepted > accepted));
    }

    [PostgresFact]
    public async Task A_feed_that_ends_while_its_connection_breaks_ends_in_order()
    {
        await using var database = await MigratedDatabase.Create();
        await using var network = DatabaseProxy.Start(database.ConnectionString);
        await using var behind = Database.Open(network.ConnectionString, "feed");
        for (var i = 0; i < 300; i++)
        {
            var feed = new ChangeFeed(behind, [ChangeTopic.Job], TimeSpan.FromSeconds(60), NullLogger<ChangeFeed>.Instance);
            await using var changes = feed.Listen().GetAsyncEnumerator();
            await changes.MoveNextAsync();
            if (i % 2 == 0)
                await feed.Listening;
            // A little later each time: somewhere in between the driver gives up what is to be cancelled.
            var cut = Task.Run(() =>
            {
                network.Cut();
                Thread.SpinWait(i * 500);
                network.Cut();
            });
            Thread.SpinWait(i * 700);
            await feed.DisposeAsync();
            await cut;
        }
    }
}
