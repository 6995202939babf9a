using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>Processes that die, stand still or are told to go.</summary>
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
    public async Task Killed_supervisor_takes_its_run_process_along_and_another_worker_takes_over()
    {
        await using var stage = await Stage.Open(Stage.ShortLease);
        var (job, seed) = await stage.Submit(WaitsInFive with { Actions = [new(5, RunAction.Hang, Times: 1)] });
        var worker = stage.StartWorker();
        await stage.UntilDone(seed, 5, RunAction.Hang);
        var orphan = worker.RunProcesses().ShouldHaveSingleItem();
        worker.KillHard();
        await stage.Until("the orphan has ended", () => Task.FromResult(!WorkerProcess.IsAlive(orphan)), seconds: 5);

        stage.StartWorker("w2");
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        var view = await stage.Desk.Job(job);
        view.Attempt.ShouldBe(2);
        view.Worker.ShouldBe("w2");
    }

    [PostgresFact]
    public async Task Halted_supervisor_that_wakes_after_its_lease_writes_nothing()
    {
        await using var stage = await Stage.Open(Stage.ShortLease);
        var (job, seed) = await stage.Submit(WaitsInFive with { Epochs = 12 });
        var halted = stage.StartWorker("halted");
        await stage.UntilEpoch(seed, 5);
        var fence = (await stage.Desk.Job(job)).Fence;
        halted.Halt();
        stage.LetGo(seed); // Its run goes on and fills the pipe with what it must not write.
        stage.StartWorker("w2");
        await stage.Until("w2 has the job", async () => (await stage.Desk.Job(job)).Worker == "w2");
        halted.GoOn();
        await stage.Until("the halted one gives up", () => Task.FromResult(halted.Printed.Contains("the lease is gone")));
        await stage.UntilEnded(job);

        await stage.ShouldHaveSucceededUndisturbed(job, seed, 12);
        (await stage.Database.Scalar<long>($"SELECT count(*) FROM metric WHERE fence = {fence} AND epoch >= 5")).ShouldBe(0);
        (await stage.Database.Scalar<long>($"SELECT count(*) FROM checkpoint WHERE fence = {fence} AND epoch >= 5")).ShouldBe(0);
        (await stage.Desk.Jobs.Events(job)).Last().Fence.ShouldBeGreaterThan(fence);
    }

    [PostgresFact]
    public async Task Cancelled_job_stops_within_seconds_and_its_process_lives_on()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        (await stage.Desk.Jobs.RequestCancel(job, "ada", false)).Kind.ShouldBe(CancelKind.Requested);
        (await stage.UntilEnded(job, seconds: 10)).State.ShouldBe(JobState.Cancelled);
        await stage.Until("the slot is free", () => Task.FromResult(worker.Printed.Contains("cancelled after")));
        worker.RunProcesses().ShouldBe([process]);
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
    public async Task Drain_gives_the_job_back_without_costing_an_attempt_and_ends_with_zero()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        (await worker.Drain()).ShouldBe(0, worker.Printed);
        WorkerProcess.IsAlive(process).ShouldBeFalse();
        (await stage.Desk.StateOf(job)).ShouldBe(JobState.Queued);

        stage.LetGo(seed);
        stage.StartWorker("w2");
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
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
