using KdRobust.Persistence.Changes;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace KdRobust.Persistence.Tests.Changes;

public sealed class ChangeFeedTests
{
    static readonly ChangeTopic[] All = [ChangeTopic.Experiment, ChangeTopic.Job, ChangeTopic.Ready, ChangeTopic.Cancel];
    static readonly TimeSpan Never = TimeSpan.FromMinutes(10);

    [PostgresFact]
    public async Task Submission_progress_metrics_and_cancel_are_heard()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await using var feed = new ChangeFeed(database.DataSource, All, Never, NullLogger<ChangeFeed>.Instance);
        await using var ears = await Ears.Open(feed);

        var submitted = await desk.Submit(Specs.OneJob(Specs.NewSeed()));
        var job = (await desk.Experiments.Jobs(submitted.Id))[0].Job.Id;
        await ears.Hear(new(ChangeTopic.Experiment, submitted.Id), new(ChangeTopic.Job, job), new(ChangeTopic.Ready, default));
        var lease = (await desk.Claim()).Lease;
        await ears.Hear(new Change(ChangeTopic.Job, job));
        (await desk.Jobs.RecordProgress(lease, new("train", 1, 12, "epoch", 2.0, 0.3, 900, 40))).ShouldBeTrue();
        await ears.Hear(new Change(ChangeTopic.Job, job));
        await desk.Metrics.Append(lease, [new(0, "train/loss", 1, 40, 2.0)]);
        await ears.Hear(new Change(ChangeTopic.Job, job));
        await desk.Jobs.RequestCancel(job, "ada", false);
        await ears.Hear(new Change(ChangeTopic.Cancel, job));
    }

    [PostgresFact]
    public async Task Silence_is_broken_by_the_poll()
    {
        await using var database = await MigratedDatabase.Create();
        // Longer than the quiet that ears wait for before they count as open.
        await using var feed = new ChangeFeed(database.DataSource, All, TimeSpan.FromMilliseconds(500), NullLogger<ChangeFeed>.Instance);
        await using var ears = await Ears.Open(feed);
        for (var i = 0; i < 3; i++)
            await ears.Hear(new Change(ChangeTopic.Everything, default));
    }

    [PostgresFact]
    public async Task Unwanted_changes_stay_away()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await using var feed = new ChangeFeed(database.DataSource, All, Never, NullLogger<ChangeFeed>.Instance);
        await using var ears = await Ears.Open(feed, change => change.Topic == ChangeTopic.Experiment);
        var submitted = await desk.Submit(Specs.OneJob(Specs.NewSeed()));
        (await ears.Next()).ShouldBe(new Change(ChangeTopic.Experiment, submitted.Id));
    }

    [PrivatePostgresFact]
    public async Task Restart_of_the_server_is_survived_and_announced()
    {
        await using var cluster = await PostgresCluster.StartNew();
        await using var database = await MigratedDatabase.Create(cluster);
        var desk = new Desk(database);
        await using var feed = new ChangeFeed(database.DataSource, All, Never, NullLogger<ChangeFeed>.Instance);
        await using var ears = await Ears.Open(feed);
        await cluster.Restart();
        await ears.Hear(new Change(ChangeTopic.Everything, default));
        await Eventually.Holds("listening again", async () => await database.Scalar<long>("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == 1);
        var submitted = await desk.Submit(Specs.OneJob(Specs.NewSeed()));
        await ears.Hear(new Change(ChangeTopic.Experiment, submitted.Id));
    }

    /// <summary>A reader of the feed that is listening for sure.</summary>
    sealed class Ears(IAsyncEnumerator<Change> changes, CancellationTokenSource limit) : IAsyncDisposable
    {
        internal static async Task<Ears> Open(ChangeFeed feed, Func<Change, bool>? wanted = null)
        {
            var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var ears = new Ears(feed.Listen(wanted, limit.Token).GetAsyncEnumerator(limit.Token), limit);
            // Once when reading begins, once when the server listens. The two may come as one when it was quick.
            await ears.Hear(new Change(ChangeTopic.Everything, default));
            await feed.Listening;
            while (ears.pending is not null && await Task.WhenAny(ears.pending, Task.Delay(200, limit.Token)) == ears.pending)
                await ears.Next();
            return ears;
        }

        Task<bool>? pending;

        internal async Task<Change> Next()
        {
            var next = pending ?? changes.MoveNextAsync().AsTask();
            pending = null;
            (await next).ShouldBeTrue();
            var change = changes.Current;
            pending = changes.MoveNextAsync().AsTask();
            return change;
        }

        /// <summary>Waits for all of these, in any order, past any others.</summary>
        internal async Task Hear(params Change[] expected)
        {
            var left = expected.ToHashSet();
            while (left.Count > 0)
                left.Remove(await Next());
        }

        public async ValueTask DisposeAsync()
        {
            await limit.CancelAsync();
            if (pending is not null)
                await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            limit.Dispose();
        }
    }
}
