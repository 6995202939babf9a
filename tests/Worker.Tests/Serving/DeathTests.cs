using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>Run processes that die or hear nothing. (What becomes of the jobs of dead supervisors is in the contract suite, tests/Queue.Tests/Contract.)</summary>
public sealed class DeathTests
{
    static readonly ActionScript WaitsInFive = new(Actions: [new(5, RunAction.Wait)]);

    [PostgresFact]
    public async Task Killed_run_process_is_replaced_and_the_job_goes_on_from_its_checkpoint()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        // A run goes on while its resume point is on its way.
        await stage.UntilCheckpoint(job, 4);
        var first = worker.RunProcesses().ShouldHaveSingleItem();
        WorkerProcess.KillHard(first);
        stage.LetGo(seed);
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(2);
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]);
        worker.RunProcesses().ShouldHaveSingleItem().ShouldNotBe(first);
    }

    [PostgresFact]
    public async Task Run_that_hears_no_stop_is_killed_and_the_job_is_cancelled_all_the_same()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(2, RunAction.Hang)]));
        var (next, nextSeed) = await stage.Submit(new ActionScript());
        var worker = stage.StartWorker(drain: 1);
        await stage.UntilEpoch(seed, 2);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        await stage.Desk.Jobs.RequestCancel(job, "ada", false);
        (await stage.UntilEnded(job)).State.ShouldBe(JobState.Cancelled);
        await stage.UntilEnded(next);
        await stage.ShouldHaveSucceededUndisturbed(next, nextSeed);
        WorkerProcess.IsAlive(process).ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Drain_does_not_wait_for_ever()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.Hang)]));
        var worker = stage.StartWorker(drain: 1);
        await stage.UntilEpoch(seed, 3);
        (await worker.Drain(seconds: 15)).ShouldBe(0, worker.Printed);
        (await stage.Desk.StateOf(job)).ShouldBe(JobState.Queued);
    }
}
