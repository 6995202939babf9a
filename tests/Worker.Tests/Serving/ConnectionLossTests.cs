using KdRobust.ActionWorker;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>The network between a worker and its database fails in every way, while the server is well and others reach it.</summary>
public sealed class ConnectionLossTests
{
    static readonly TimeSpan Gust = TimeSpan.FromMilliseconds(300);

    [PostgresFact]
    public async Task A_storm_of_cuts_during_claims_heartbeats_metrics_and_checkpoints_loses_and_doubles_nothing()
    {
        await using var stage = await Stage.Open();
        await using var network = DatabaseProxy.Start(stage.Database.ConnectionString);
        Worker(stage, network, "w1");
        var first = await stage.Submit(new ActionScript(Epochs: 30, MillisecondsPerEpoch: 50, CheckpointBytes: 3 << 20));
        var second = await stage.Submit(new ActionScript(Epochs: 10));
        using var calm = new CancellationTokenSource();
        var storm = Task.Run(async () =>
        {
            var (cut, done, pause) = (0, 0, Gust);
            while (!calm.IsCancellationRequested)
            {
                await Task.Delay(pause);
                cut += network.Cut();
                // A machine that gets nothing done between two cuts is given longer.
                var now = stage.Epochs(first.Seed).Count;
                pause = now > done ? Gust : TimeSpan.FromTicks(Math.Min(2 * pause.Ticks, 20 * Gust.Ticks));
                done = now;
            }
            return cut;
        });
        await stage.Until("the long job is in its last epoch", () => Task.FromResult(stage.Epochs(first.Seed).Any(begun => begun.Epoch == 30)), 150);
        await calm.CancelAsync();
        (await storm).ShouldBeGreaterThan(5);
        foreach (var (job, seed, epochs) in ((Guid, long, int)[])[(first.Job, first.Seed, 30), (second.Job, second.Seed, 10)])
        {
            await stage.UntilEnded(job, 90);
            await stage.ShouldHaveSucceededUndisturbed(job, seed, epochs);
        }
        (await stage.Desk.Job(first.Job)).Attempt.ShouldBe(1, "no connection is worth an attempt");
    }

    [PostgresFact]
    public async Task Silence_shorter_than_the_lease_costs_nothing()
    {
        await using var stage = await Stage.Open();
        await using var network = DatabaseProxy.Start(stage.Database.ConnectionString);
        var (job, seed) = await stage.Submit(new ActionScript(Epochs: 20, MillisecondsPerEpoch: 50));
        Worker(stage, network, "w1");
        await stage.UntilEpoch(seed, 5);
        network.Swallow();
        await Task.Delay(TimeSpan.FromSeconds(4));
        network.Heal();
        await stage.UntilEnded(job, 60);
        await stage.ShouldHaveSucceededUndisturbed(job, seed, 20);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
    }

    [PostgresFact]
    public async Task Silence_longer_than_the_lease_hands_the_job_on_and_what_arrives_late_changes_nothing()
    {
        await using var stage = await Stage.Open(Stage.ShortLease);
        await using var network = DatabaseProxy.Start(stage.Database.ConnectionString);
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Hang, Times: 1)]));
        Worker(stage, network, "cut-off");
        await stage.UntilDone(seed, 5, RunAction.Hang);
        network.Swallow();
        var other = stage.StartWorker("other");
        await stage.UntilEnded(job, 60);
        // Everything the first one said into the silence arrives now.
        network.Heal();
        await stage.Until("the first one serves again", async () => await Serves(stage, "cut-off"), 60);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Worker.ShouldBe(other.Name);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(2);
    }

    [PostgresFact]
    public async Task A_worker_whose_connections_are_refused_for_a_while_reports_when_they_are_taken_again()
    {
        await using var stage = await Stage.Open();
        await using var network = DatabaseProxy.Start(stage.Database.ConnectionString);
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(10, RunAction.Wait)]));
        var worker = Worker(stage, network, "w1");
        await stage.UntilEpoch(seed, 10);
        network.Refuse();
        network.Cut();
        stage.LetGo(seed);
        await stage.Until("it has noticed", () => Task.FromResult(worker.Printed.Contains("the database could not be told", StringComparison.Ordinal)));
        network.Heal();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
    }

    static WorkerProcess Worker(Stage stage, DatabaseProxy network, string name) => stage.StartWorker(name, database: network.ConnectionString);

    /// <summary>True while the database hears of a worker.</summary>
    static async Task<bool> Serves(Stage stage, string name) =>
        await stage.Database.Scalar<bool>($"SELECT last_seen > clock_timestamp() - interval '2 s' FROM worker WHERE name = '{name}'");
}
