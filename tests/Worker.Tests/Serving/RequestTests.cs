using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Workers;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>What people ask of jobs and workers that run.</summary>
public sealed class RequestTests
{
    /// <summary>Seconds: presence is told every sixth of it, and no test waits for its end.</summary>
    const int BriskLease = 12;

    /// <summary>Seconds: some start several processes, one after the other.</summary>
    const double Patience = 90;

    static readonly ActionScript WaitsInFive = new(Actions: [new(5, RunAction.Wait)]);

    [PostgresFact]
    public async Task Pause_that_a_killed_worker_never_heard_of_pauses_the_job_all_the_same()
    {
        await using var stage = await Stage.Open(2 * Stage.ShortLease);
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Hang, Times: 1)]));
        var worker = stage.StartWorker();
        await stage.UntilDone(seed, 5, RunAction.Hang);
        worker.Halt();
        await stage.Desk.Jobs.Pause(job, "ada");
        worker.KillHard();
        stage.StartWorker("w2");
        await stage.Until("the reaper pauses it", async () => await stage.Desk.StateOf(job) == JobState.Paused, Patience);
        await stage.Desk.Jobs.Resume(job, "ada");
        await stage.UntilEnded(job, Patience);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Worker.ShouldBe("w2");
    }

    [PostgresFact]
    public async Task Worker_that_is_asked_to_drain_gives_its_job_back_stays_idle_and_works_again_when_let()
    {
        await using var stage = await Stage.Open(BriskLease);
        var workers = new WorkerStore(stage.Database.DataSource);
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        (await workers.RequestDrain("w1", "ada")).ShouldBeTrue();
        await stage.Until("the job is given back", async () => await stage.Desk.StateOf(job) == JobState.Queued);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(0);
        stage.LetGo(seed);
        worker.HasEnded.ShouldBeFalse();
        (await stage.Desk.Jobs.WhyWaiting(job)).ShouldBe("every worker that could take it takes none: w1 drains (asked by ada)");

        await workers.Undrain("w1");
        await stage.UntilEnded(job, Patience);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        worker.HasEnded.ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Jobs_go_where_their_labels_are_and_never_to_a_build_that_does_not_know_them()
    {
        await using var stage = await Stage.Open();
        var (labelled, labelledSeed) = await stage.Submit(new ActionScript(Epochs: 2), labels: ["quiet"]);
        var (newer, newerSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        await stage.Database.Execute($"UPDATE job SET results_version = 99, fingerprint = fingerprint || ' newer' WHERE id = '{newer}' AND state = 'Queued'");
        stage.StartWorker("plain");
        // Both were first in the queue: whoever passes them by does so for a reason.
        var (plain, plainSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        await stage.UntilEnded(plain, Patience);
        await stage.ShouldHaveSucceededUndisturbed(plain, plainSeed, 2);
        (await stage.Desk.Jobs.WhyWaiting(labelled)).ShouldBe("no living worker that could compute it offers label quiet: start one with --label quiet");
        stage.StartWorker("quiet", more: ["--label", "warm", "--label", "quiet"]);
        (await stage.UntilEnded(labelled, Patience)).Worker.ShouldBe("quiet");
        await stage.ShouldHaveSucceededUndisturbed(labelled, labelledSeed, 2);
        (await stage.Desk.StateOf(newer)).ShouldBe(JobState.Queued);
        (await stage.Desk.Jobs.WhyWaiting(newer)).ShouldBe("only older builds work here: it is train version 99, they compute version 1");
        stage.Epochs(newerSeed).ShouldBeEmpty();
    }
}
