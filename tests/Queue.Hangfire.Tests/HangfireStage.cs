using Hangfire;
using Hangfire.States;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>A stage whose workers have the engine hangfire, and a look at what Hangfire has of its jobs.</summary>
sealed class HangfireStage : IAsyncDisposable
{
    readonly HangfireParts hangfire;

    HangfireStage(Stage stage)
    {
        Stage = stage;
        hangfire = new HangfireParts(stage.Database.DataSource, stage.Desk.Jobs);
    }

    internal Stage Stage { get; }

    internal static async Task<HangfireStage> Open(int lease = 60)
    {
        var stage = await Stage.Open(lease, HangfireEngine.EngineName);
        await HangfireTables.Ensure(stage.Database.DataSource);
        return new(stage);
    }

    internal WorkerProcess StartWorker(string name = "w1", int cores = 1) => Stage.StartWorker(name, cores);

    internal async Task<MirroredRow> Of(Guid job) => (await hangfire.Rows.Find(job, CancellationToken.None))!;

    internal Task Until(Guid job, string state) => Stage.Until($"Hangfire says {state}, not what it says of {job}", async () => (await Of(job)).HangfireState == state);

    /// <summary>What Hangfire keeps of its job for a row: the arguments, of which the first is shown.</summary>
    internal async Task<string> ShownName(Guid job)
    {
        using var connection = hangfire.Storage.GetConnection();
        return (string)connection.GetJobData((await Of(job)).HangfireId).Job.Args[0];
    }

    /// <summary>Why Hangfire's job is in its state.</summary>
    internal async Task<string?> ReasonOf(Guid job)
    {
        using var connection = hangfire.Storage.GetConnection();
        return connection.GetStateData((await Of(job)).HangfireId)?.Reason;
    }

    /// <summary>Presses a button of Hangfire's pages, as a person or as nobody.</summary>
    internal async Task Press(Guid job, IState wish, string? person = "root")
    {
        var id = (await Of(job)).HangfireId;
        await Task.Run(() =>
        {
            if (person is not null)
                DashboardUser.Begin(person);
            new BackgroundJobClient(hangfire.Storage, hangfire.Deciding).ChangeState(id, wish, null);
        });
    }

    internal Task EmptyTables() => Stage.Database.Execute(
        """
        DO $$ DECLARE own text; BEGIN
            FOR own IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'hangfire' AND tablename <> 'schema' LOOP
                EXECUTE 'TRUNCATE ' || own || ' CASCADE';
            END LOOP;
        END $$
        """);

    public ValueTask DisposeAsync() => Stage.DisposeAsync();
}
