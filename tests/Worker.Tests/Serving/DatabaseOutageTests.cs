using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

public sealed class DatabaseOutageTests
{
    [PrivatePostgresFact]
    public async Task Restart_in_the_middle_of_a_job_costs_nothing()
    {
        await using var stage = await Stage.OpenWithOwnServer();
        var (job, seed) = await stage.Submit(new ActionScript(Epochs: 30, MillisecondsPerEpoch: 50));
        stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        await stage.Cluster.Restart();
        await stage.UntilEpoch(seed, 12);
        await stage.Cluster.Restart();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed, 30);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
    }

    [PrivatePostgresFact]
    public async Task Result_that_comes_while_the_database_is_away_lands_once()
    {
        await using var stage = await Stage.OpenWithOwnServer();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(10, RunAction.Wait)]));
        stage.StartWorker();
        await stage.UntilEpoch(seed, 10);
        await stage.Cluster.Stop();
        stage.LetGo(seed);
        await stage.Until("the worker has noticed", () => Task.FromResult(stage.Workers[0].Printed.Contains("the database could not be told")));
        await stage.Cluster.Start();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
    }

    [PrivatePostgresFact]
    public async Task Outage_longer_than_the_lease_stops_the_run_before_anyone_else_has_the_job()
    {
        await using var stage = await Stage.OpenWithOwnServer(Stage.ShortLease);
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Hang, Times: 1)]));
        var worker = stage.StartWorker();
        await stage.UntilDone(seed, 5, RunAction.Hang);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        await stage.Cluster.Stop();
        await Task.Delay(stage.Lease.Lease * 2);
        WorkerProcess.IsAlive(process).ShouldBeFalse("the worker fenced itself off");
        await stage.Cluster.Start();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(2);
        (await stage.Desk.Jobs.Events(job)).Last().To.ShouldBe(JobState.Succeeded);
    }

    [PostgresFact]
    public async Task What_is_wrong_with_the_database_is_said_in_one_line()
    {
        await using var empty = await (await PostgresCluster.Shared).CreateDatabase();
        var folder = Directory.CreateTempSubdirectory("kdr-stage-").FullName;
        await using var none = WorkerProcess.Start("w", "", "serve", "--scratch", folder);
        (await none.Ended()).ShouldBe(2);
        none.Printed.ShouldStartWith("KDR_DATABASE is not set");
        await using var wrong = WorkerProcess.Start("w", empty.ConnectionString + ";Database=nowhere", "serve", "--scratch", folder);
        (await wrong.Ended()).ShouldBe(7);
        wrong.Printed.ShouldContain("PostgreSQL refuses this worker: database \"nowhere\" does not exist");
        Directory.Delete(folder, recursive: true);
    }
}
