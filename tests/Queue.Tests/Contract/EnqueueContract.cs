using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;
using Npgsql;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>What is accepted is there, once, and is found by somebody.</summary>
[Collection(ContractSuite.ShortLeases)]
public sealed class EnqueueContract : ContractSuite
{
    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_01_A_submission_that_is_rolled_back_leaves_no_row_and_no_wake_up(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        await stage.StartReadyWorker();
        await using var ears = new NpgsqlConnection(stage.Database.ConnectionString);
        await ears.OpenAsync();
        var heard = new List<string>();
        ears.Notification += (_, news) => heard.Add($"{news.Channel} {news.Payload}");
        foreach (var channel in new[] { "kdr_ready", "kdr_job" })
            await new NpgsqlCommand($"LISTEN {channel}", ears).ExecuteNonQueryAsync();

        // All of it is done, and then the commit is refused.
        await stage.Database.Execute(
            """
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no commit, as scripted'; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON job DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
            """);
        (await Should.ThrowAsync<PostgresException>(() => stage.Submit(new ActionScript()))).MessageText.ShouldBe("no commit, as scripted");
        (await stage.Database.Scalar<long>("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job) + (SELECT count(*) FROM job_event)")).ShouldBe(0);

        await stage.Database.Execute("DROP TRIGGER refuse ON job");
        var (job, seed) = await stage.Submit(new ActionScript());
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        await new NpgsqlCommand("SELECT 1", ears).ExecuteNonQueryAsync();
        heard.ShouldContain("kdr_ready cpu");
        heard[0].ShouldBeOneOf("kdr_ready cpu", $"kdr_job {job}");
        heard.Where(news => news.StartsWith("kdr_job ", StringComparison.Ordinal)).Distinct().ShouldBe([$"kdr_job {job}"], "nobody heard of the job that was not accepted");
        heard.Count(news => news == "kdr_ready cpu").ShouldBe(1);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_02_The_same_submitted_eight_times_at_once_is_one_job_and_runs_once(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        await stage.StartReadyWorker();
        var seed = Specs.NewSeed();
        new ActionScript().Write(stage.Folder, seed);
        var submitted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => stage.Desk.Submit(Specs.OneJob(seed))));
        submitted.Select(one => one.Id).Distinct().ShouldHaveSingleItem();
        submitted.Count(one => one.Created).ShouldBe(1);
        var job = (await stage.Desk.Experiments.Jobs(submitted[0].Id)).ShouldHaveSingleItem().Job.Id;
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        stage.Epochs(seed).Count.ShouldBe(10);
        (await stage.Database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(1);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_06_A_wake_up_delivered_many_times_to_eight_slots_runs_each_job_exactly_once(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        await Task.WhenAll(Enumerable.Range(1, 4).Select(worker => stage.StartReadyWorker($"w{worker}", cores: 2)));
        for (var round = 0; round < 6; round++)
        {
            var (job, seed) = await stage.Submit(new ActionScript(MillisecondsPerEpoch: 5));
            await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => stage.Database.Execute("SELECT pg_notify('kdr_ready', 'cpu')")));
            await stage.UntilEnded(job);
            await stage.ShouldHaveSucceededUndisturbed(job, seed);
            stage.Epochs(seed).Count.ShouldBe(10, "one run process ran it, once");
            (await stage.Desk.Jobs.Events(job)).Count(line => line.To == JobState.Running).ShouldBe(1);
        }
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_07_A_job_whose_every_wake_up_is_lost_runs_all_the_same(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        var worker = await stage.StartReadyWorker();
        // Nobody is told any more that something is ready, and what an engine keeps for itself is lost.
        await stage.Database.Execute((await stage.Database.Scalar<string>("SELECT replace(pg_get_functiondef('job_history'::regproc), '''kdr_ready''', '''kdr_nobody''')"))!);
        worker.Halt();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.BadWeather, Times: 1)]));
        await stage.Database.Execute(
            """
            DO $$ DECLARE own text; BEGIN
                FOR own IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'hangfire' AND tablename NOT IN ('schema', 'server') LOOP
                    EXECUTE 'TRUNCATE ' || own || ' CASCADE';
                END LOOP;
            END $$
            """);
        worker.GoOn();
        var now = await Now(stage);
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await Claimed(stage, job)).ShouldBeLessThan(now + Poll + BusyMachine);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(2, "nor was anybody told that it may be tried again");
    }
}
