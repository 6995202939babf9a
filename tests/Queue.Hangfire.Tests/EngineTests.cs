using Hangfire.States;
using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>Workers with the engine hangfire, as processes: what Hangfire has of our jobs, and that nothing depends on it.</summary>
public sealed class EngineTests
{
    [PostgresFact]
    public async Task Job_is_one_job_of_Hangfire_by_its_name_and_is_processing_for_as_long_as_its_attempt()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(seed, 3);
        (await stage.Of(job)).HangfireState.ShouldBe("Processing");
        (await stage.ShownName(job)).ShouldBe($"train cni seed {seed}");
        stage.Stage.LetGo(seed);
        await stage.Stage.UntilEnded(job);
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
        await stage.Until(job, "Succeeded");
        (await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.job")).ShouldBe(1);
        await stage.Stage.Until("no queue names it", async () => await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.jobqueue") == 0);
    }

    [PostgresFact]
    public async Task Jobs_that_wait_for_others_await_and_end_in_Hangfire_as_their_rows_do()
    {
        await using var stage = await HangfireStage.Open();
        var seed = Specs.NewSeed();
        new ActionScript(Epochs: 2, Actions: [new(1, RunAction.RefuseInput, Times: 1)]).Write(stage.Stage.Folder, seed);
        var submitted = await stage.Stage.Desk.Submit(Specs.Diamond(seed));
        var jobs = (await stage.Stage.Desk.Experiments.Jobs(submitted.Id)).Select(job => job.Job.Id).ToList();
        stage.StartWorker();
        await stage.Stage.UntilEnded(jobs[0]);
        await stage.Until(jobs[0], "Failed");
        foreach (var below in jobs.Skip(1))
            await stage.Until(below, "Deleted");

        await stage.Press(jobs[0], new EnqueuedState());
        await stage.Stage.Until("the experiment has ended", async () => (await stage.Stage.Desk.Experiments.Find(submitted.Id, null))!.HasEnded);
        foreach (var job in jobs)
        {
            (await stage.Stage.Desk.StateOf(job)).ShouldBe(JobState.Succeeded, await stage.Stage.Dump());
            await stage.Until(job, "Succeeded");
        }
        (await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.job")).ShouldBe(jobs.Count, "a retried job keeps Hangfire's");
    }

    [PostgresFact]
    public async Task Attempt_that_failed_is_scheduled_by_the_rows_wait_and_made_again()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(4, RunAction.BadWeather, Times: 1)]));
        (await stage.Stage.UntilEnded(job)).Attempt.ShouldBe(2);
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
        await stage.Until(job, "Succeeded");
        (await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.state WHERE name = 'Scheduled'")).ShouldBeGreaterThan(0);
    }

    [PostgresFact]
    public async Task Emptied_tables_of_Hangfire_cost_no_job_whether_it_waits_or_runs()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (running, runningSeed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(runningSeed, 3);
        var (waiting, waitingSeed) = await stage.Stage.Submit(new ActionScript());
        await stage.Until(waiting, "Awaiting");
        await stage.EmptyTables();
        await stage.Until(running, "Processing");
        await stage.Until(waiting, "Awaiting");
        stage.Stage.LetGo(runningSeed);
        foreach (var (job, seed) in new[] { (running, runningSeed), (waiting, waitingSeed) })
        {
            (await stage.Stage.UntilEnded(job)).Attempt.ShouldBe(1);
            await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
            await stage.Until(job, "Succeeded");
        }
    }

    [PostgresFact]
    public async Task Queue_alone_emptied_is_filled_again()
    {
        await using var stage = await HangfireStage.Open();
        var worker = stage.StartWorker();
        await stage.Stage.Until("the worker is there", async () => await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.server") == 1);
        worker.Halt();
        // As if it had been put there, and the queue were lost before anybody looked.
        var (job, seed) = await stage.Stage.Submit(new ActionScript());
        worker.GoOn();
        await stage.Stage.Until("it is in a queue, or past it", async () => (await stage.Of(job)).HangfireFence is not null);
        await stage.Stage.Database.Execute("TRUNCATE hangfire.jobqueue");
        await stage.Stage.UntilEnded(job);
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
    }

    [PostgresFact]
    public async Task Worker_that_is_killed_loses_its_job_to_another_after_the_lease_and_Hangfire_follows()
    {
        await using var stage = await HangfireStage.Open(Worker.Tests.Arrange.Stage.ShortLease);
        var first = stage.StartWorker("first");
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait, Times: 1)]));
        await stage.Stage.UntilDone(seed, 5, RunAction.Wait);
        stage.StartWorker("second");
        first.KillHard();
        var ended = await stage.Stage.UntilEnded(job);
        (ended.Attempt, ended.Worker).ShouldBe((2, "second"));
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
        await stage.Until(job, "Succeeded");
        (await stage.Stage.Database.Scalar<long>("SELECT count(*) FROM hangfire.job")).ShouldBe(1);
    }

    [PostgresFact]
    public async Task Worker_that_ends_gives_its_job_back_and_another_goes_on_at_once()
    {
        await using var stage = await HangfireStage.Open();
        var first = stage.StartWorker("first");
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait, Times: 1)]));
        await stage.Stage.UntilDone(seed, 5, RunAction.Wait);
        stage.StartWorker("second");
        (await first.Drain()).ShouldBe(0);
        var ended = await stage.Stage.UntilEnded(job);
        (ended.Attempt, ended.Worker).ShouldBe((1, "second"));
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
    }

    [PostgresFact]
    public async Task Worker_asked_to_drain_takes_nothing_until_that_is_withdrawn()
    {
        await using var stage = await HangfireStage.Open(Worker.Tests.Arrange.Stage.ShortLease);
        var workers = new WorkerStore(stage.Stage.Database.DataSource);
        var worker = stage.StartWorker();
        await stage.Stage.Until("the worker is there", async () => (await workers.List()).Count == 1);
        await workers.RequestDrain("w1", "root");
        await stage.Stage.Until("it has heard that", () => Task.FromResult(worker.Printed.Contains("asked to drain", StringComparison.Ordinal)));
        var (job, seed) = await stage.Stage.Submit(new ActionScript());
        await stage.Until(job, "Awaiting");
        await workers.Undrain("w1");
        await stage.Stage.UntilEnded(job);
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
    }

    [PostgresFact]
    public async Task Job_of_a_label_finds_the_one_worker_of_two_that_offers_it()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker("plain");
        stage.Stage.StartWorker("labelled", more: ["--label", "a100"]);
        for (var i = 0; i < 3; i++)
        {
            var (job, _) = await stage.Stage.Submit(new ActionScript(Epochs: 2), "a100");
            (await stage.Stage.UntilEnded(job)).Worker.ShouldBe("labelled");
        }
    }
}
