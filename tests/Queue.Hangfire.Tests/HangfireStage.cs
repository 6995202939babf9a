using Hangfire;
using Hangfire.States;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;
using Npgsql;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>A stage whose workers have the engine hangfire, and a look at what Hangfire has of its jobs.</summary>
sealed class HangfireStage : IAsyncDisposable
{
    readonly HangfireParts hangfire;
    readonly NpgsqlDataSource people;

    HangfireStage(Stage stage, NpgsqlDataSource people)
    {
        (Stage, this.people) = (stage, people);
        hangfire = new HangfireParts(people, new JobStore(people, stage.Lease));
    }

    internal Stage Stage { get; }

    internal static async Task<HangfireStage> Open(int lease = 60)
    {
        var stage = await Stage.Open(lease, HangfireEngine.EngineName);
        await HangfireTables.Ensure(stage.Database.DataSource);
        return new(stage, stage.Database.DataSource);
    }

    /// <summary>With the roles of deploy/postgres/roles.sql, as an administrator would make it; pages are pressed as <c>kdr_api</c>.</summary>
    internal static async Task<HangfireStage> OpenUnderRoles()
    {
        var stage = await Stage.OpenWithOwnServer(engine: HangfireEngine.EngineName);
        var roles = await File.ReadAllTextAsync(Repository.At("deploy", "postgres", "roles.sql"));
        await stage.Database.Execute(roles);
        await using (var migrator = NpgsqlDataSource.Create(As("kdr_migrator", stage)))
            await HangfireTables.Ensure(migrator);
        await stage.Database.Execute(roles);
        return new(stage, NpgsqlDataSource.Create(As("kdr_api", stage)));
    }

    internal static string As(string role, Stage stage) => new NpgsqlConnectionStringBuilder(stage.Database.ConnectionString) { Username = role }.ConnectionString;

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

    public async ValueTask DisposeAsync()
    {
        if (people != Stage.Database.DataSource)
            await people.DisposeAsync();
        await Stage.DisposeAsync();
    }
}
