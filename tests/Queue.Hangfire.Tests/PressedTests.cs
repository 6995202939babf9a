using Hangfire.States;
using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Queue.Hangfire.Tests;

/// <summary>What is asked for at Hangfire's pages is asked of the row, which decides.</summary>
public sealed class PressedTests
{
    [PostgresFact]
    public async Task Delete_cancels_a_running_job_and_one_that_waits()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (running, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(seed, 3);
        var (waiting, _) = await stage.Stage.Submit(new ActionScript());
        await stage.Until(waiting, "Awaiting");
        await stage.Press(waiting, new DeletedState());
        (await stage.Stage.Desk.StateOf(waiting)).ShouldBe(JobState.Cancelled);
        (await stage.Of(waiting)).HangfireState.ShouldBe("Deleted");

        await stage.Press(running, new DeletedState());
        await stage.Stage.UntilEnded(running);
        (await stage.Stage.Desk.StateOf(running)).ShouldBe(JobState.Cancelled);
        (await stage.Stage.Desk.Jobs.Events(running))[^1].Reason.ShouldBe("cancelled by root");
        await stage.Until(running, "Deleted");
    }

    [PostgresFact]
    public async Task Requeue_has_a_failed_job_tried_again_with_all_its_attempts()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(4, RunAction.RefuseInput, Times: 1)]));
        (await stage.Stage.UntilEnded(job)).State.ShouldBe(JobState.Failed);
        await stage.Until(job, "Failed");
        await stage.Press(job, new EnqueuedState());
        await stage.Stage.Until("it has succeeded", async () => await stage.Stage.Desk.StateOf(job) == JobState.Succeeded);
        await stage.Until(job, "Succeeded");
        (await stage.Stage.Desk.Jobs.Events(job)).ShouldContain(line => line.Reason.StartsWith("retried by root", StringComparison.Ordinal));
    }

    [PostgresFact]
    public async Task What_the_row_refuses_does_not_happen_and_says_why()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (done, _) = await stage.Stage.Submit(new ActionScript(Epochs: 1));
        await stage.Stage.UntilEnded(done);
        await stage.Until(done, "Succeeded");
        await stage.Press(done, new EnqueuedState());
        (await stage.Of(done)).HangfireState.ShouldBe("Succeeded");
        (await stage.ReasonOf(done)).ShouldBe("not tried again: it succeeded");
        await stage.Press(done, new DeletedState());
        (await stage.Of(done)).HangfireState.ShouldBe("Succeeded");
        (await stage.Stage.Desk.StateOf(done)).ShouldBe(JobState.Succeeded);

        // Two experiments use one job: the page that would name them is another.
        var seed = Specs.NewSeed();
        new ActionScript(Actions: [new(2, RunAction.Wait)]).Write(stage.Stage.Folder, seed);
        var submitted = await stage.Stage.Desk.Submit(Specs.OneJob(seed, "one"));
        await stage.Stage.Desk.Submit(Specs.OneJob(seed, "two"));
        var shared = (await stage.Stage.Desk.Experiments.Jobs(submitted.Id))[0].Job.Id;
        await stage.Stage.UntilEpoch(seed, 2);
        await stage.Press(shared, new DeletedState());
        (await stage.Of(shared)).HangfireState.ShouldBe("Processing");
        (await stage.ReasonOf(shared))!.ShouldStartWith("not cancelled: 2 experiments use it (one, two)");
        stage.Stage.LetGo(seed);
        (await stage.Stage.UntilEnded(shared)).State.ShouldBe(JobState.Succeeded);
    }

    [PostgresFact]
    public async Task What_nobody_asked_for_changes_no_row()
    {
        await using var stage = await HangfireStage.Open();
        stage.StartWorker();
        var (job, seed) = await stage.Stage.Submit(new ActionScript(Actions: [new(3, RunAction.Wait)]));
        await stage.Stage.UntilEpoch(seed, 3);
        foreach (var wish in new IState[] { new DeletedState(), new EnqueuedState(), new SucceededState(null, 0, 0) })
        {
            await stage.Press(job, wish, person: null);
            ((await stage.Of(job)).HangfireState, await stage.Stage.Desk.StateOf(job)).ShouldBe(("Processing", JobState.Running));
        }
        // The thread that runs it is still the one that says how it ends.
        stage.Stage.LetGo(seed);
        (await stage.Stage.UntilEnded(job)).Attempt.ShouldBe(1);
        await stage.Stage.ShouldHaveSucceededUndisturbed(job, seed);
        await stage.Until(job, "Succeeded");
    }
}
