using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>Work that is laid down and taken up again.</summary>
public sealed class PauseContract : ContractSuite
{
    static readonly ActionScript WaitsInFive = new(Actions: [new(5, RunAction.Wait)]);

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_17_A_worker_told_to_end_gives_its_job_back_at_a_resume_point_without_costing_an_attempt(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        (await worker.Drain()).ShouldBe(0, worker.Printed);
        WorkerProcess.IsAlive(process).ShouldBeFalse();
        var view = await stage.Desk.Job(job);
        (view.State, view.Attempt).ShouldBe((JobState.Queued, 0));
        (await stage.Desk.Checkpoints.LatestResume(job))!.Epoch.ShouldBe(4);

        stage.LetGo(seed);
        stage.StartWorker("w2");
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(1);
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_18_A_paused_job_frees_its_slot_and_goes_on_at_the_registered_step_under_a_new_fence(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        var (job, seed) = await stage.Submit(WaitsInFive);
        var worker = stage.StartWorker();
        await stage.UntilEpoch(seed, 5);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        var fence = (await stage.Desk.Job(job)).Fence;
        (await stage.Desk.Jobs.Pause(job, "ada")).Kind.ShouldBe(RequestKind.Requested);
        await stage.UntilState(job, JobState.Paused);
        var (other, otherSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        await stage.UntilEnded(other);
        await stage.ShouldHaveSucceededUndisturbed(other, otherSeed, 2);

        stage.LetGo(seed);
        await stage.Desk.Jobs.Resume(job, "ada");
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        var view = await stage.Desk.Job(job);
        view.Fence.ShouldBeGreaterThan(fence);
        view.Attempt.ShouldBe(1, "a pause is no attempt");
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]);
        worker.RunProcesses().ShouldBe([process], "a run that stops when asked keeps its process");
    }
}
