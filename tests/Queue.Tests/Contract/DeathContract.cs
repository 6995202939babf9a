using System.Globalization;
using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>Workers that die in the middle of a job, or stand still and come back.</summary>
[Collection(ContractSuite.ShortLeases)]
public sealed class DeathContract : ContractSuite
{
    static readonly ActionScript HangsInFive = new(Actions: [new(5, RunAction.Hang, Times: 1)]);

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_03_The_job_of_a_killed_worker_is_taken_over_in_time_and_goes_on_from_its_resume_point(string engine)
    {
        await using var stage = await Stage.Open(Stage.ShortLease, engine);
        var (job, seed) = await stage.Submit(HangsInFive);
        var killed = stage.StartWorker("killed");
        await stage.UntilDone(seed, 5, RunAction.Hang);
        await stage.UntilCheckpoint(job, 4);
        await stage.StartReadyWorker("other");
        var orphan = killed.RunProcesses().ShouldHaveSingleItem();
        var now = await Now(stage);
        killed.KillHard();
        await stage.Until("the orphan has ended", () => Task.FromResult(!WorkerProcess.IsAlive(orphan)), seconds: 5);

        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        var view = await stage.Desk.Job(job);
        (view.Attempt, view.Worker).ShouldBe((2, "other"));
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10]);
        (await Claimed(stage, job, 2)).ShouldBeLessThan(now + stage.Lease.Lease + stage.Lease.Sweep + Poll + BusyMachine);
        const string unheard = "worker killed was not heard of for ";
        var why = (await stage.Desk.Jobs.Events(job)).Single(line => line.From == JobState.Running && line.To == JobState.Queued).Reason;
        why.ShouldStartWith(unheard);
        double.Parse(why[unheard.Length..^2], CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(stage.Lease.Lease.TotalSeconds, "nor too early");
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_04_A_zombie_that_wakes_after_its_lease_writes_nothing_and_the_winners_result_stands(string engine)
    {
        await using var stage = await Stage.Open(Stage.ShortLease, engine);
        var (job, seed) = await stage.Submit(new ActionScript(Epochs: 12, Actions: [new(5, RunAction.Wait)]));
        var zombie = stage.StartWorker("zombie");
        await stage.UntilEpoch(seed, 5);
        var stale = new JobLease(job, (await stage.Desk.Job(job)).Fence, "zombie");
        zombie.Halt();
        stage.LetGo(seed); // Its run goes on and fills the pipe with what it must not write.
        stage.StartWorker("winner");
        await stage.Until("the winner has the job", async () => (await stage.Desk.Job(job)).Worker == "winner");
        zombie.GoOn();
        await stage.Until("the zombie gives up", () => Task.FromResult(zombie.Printed.Contains("the lease is gone", StringComparison.Ordinal)));
        await WritesNothing(stage, stale);
        await stage.UntilEnded(job);

        await stage.ShouldHaveSucceededUndisturbed(job, seed, 12);
        await WritesNothing(stage, stale);
        await stage.ShouldHaveSucceededUndisturbed(job, seed, 12);
        (await stage.Database.Scalar<long>($"SELECT count(*) FROM metric WHERE fence = {stale.Fence} AND epoch >= 5")).ShouldBe(0);
        (await stage.Database.Scalar<long>($"SELECT count(*) FROM checkpoint WHERE fence = {stale.Fence} AND epoch >= 5")).ShouldBe(0);
        (await stage.Desk.Jobs.Events(job))[^1].Fence.ShouldBeGreaterThan(stale.Fence);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_05_The_run_of_a_zombie_that_hears_nothing_is_killed_at_once(string engine)
    {
        await using var stage = await Stage.Open(Stage.ShortLease, engine);
        var (job, seed) = await stage.Submit(HangsInFive);
        var zombie = stage.StartWorker("zombie", drain: 600);
        await stage.UntilDone(seed, 5, RunAction.Hang);
        var deaf = zombie.RunProcesses().ShouldHaveSingleItem();
        zombie.Halt();
        stage.StartWorker("winner");
        await stage.UntilEnded(job);
        WorkerProcess.IsAlive(deaf).ShouldBeTrue();
        zombie.GoOn();
        await stage.Until("the deaf run is killed", () => Task.FromResult(!WorkerProcess.IsAlive(deaf)), BusyMachine.TotalSeconds);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Worker.ShouldBe("winner");
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_09_A_cancel_that_a_killed_worker_never_heard_of_cancels_the_job_which_never_runs_again(string engine)
    {
        await using var stage = await Stage.Open(Stage.ShortLease, engine);
        var (job, seed) = await stage.Submit(HangsInFive);
        var killed = stage.StartWorker("killed");
        await stage.UntilDone(seed, 5, RunAction.Hang);
        killed.Halt();
        (await stage.Desk.Jobs.RequestCancel(job, "ada", false)).Kind.ShouldBe(CancelKind.Requested);
        killed.KillHard();
        stage.StartWorker("other");
        (await stage.UntilEnded(job)).State.ShouldBe(JobState.Cancelled);
        var (next, nextSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        await stage.UntilEnded(next);
        await stage.ShouldHaveSucceededUndisturbed(next, nextSeed, 2);
        stage.Epochs(seed).Count.ShouldBe(5);
        (await stage.Desk.Jobs.Events(job)).Count(line => line.To.IsTerminal()).ShouldBe(1);
    }

    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_15_A_job_that_took_three_workers_along_fails_and_is_never_given_to_a_fourth_while_others_flow(string engine)
    {
        await using var stage = await Stage.Open(Stage.ShortLease, engine);
        var (poison, seed) = await stage.Submit(new ActionScript(Actions: [new(1, RunAction.Hang)]), "doomed");
        stage.StartWorker("healthy");
        var next = stage.StartWorker("doomed1", more: ["--label", "doomed"]);
        for (var death = 1; death <= RetryPolicy.MaxCrashes; death++)
        {
            var doomed = next;
            await stage.UntilRunning(poison, doomed.Name);
            await stage.Until("its run has begun", () => Task.FromResult(stage.Epochs(seed).Count == death));
            next = stage.StartWorker($"doomed{death + 1}", more: ["--label", "doomed"]);
            doomed.KillHard();
            var (other, otherSeed) = await stage.Submit(new ActionScript(Epochs: 3));
            await stage.UntilEnded(other);
            await stage.ShouldHaveSucceededUndisturbed(other, otherSeed, 3);
        }
        var failed = await stage.UntilEnded(poison);
        failed.State.ShouldBe(JobState.Failed);
        failed.Failure!.Kind.ShouldBe(FailureKind.Crash);
        var (last, lastSeed) = await stage.Submit(new ActionScript(Epochs: 3), "doomed");
        (await stage.UntilEnded(last)).Worker.ShouldBe(next.Name);
        await stage.ShouldHaveSucceededUndisturbed(last, lastSeed, 3);
        stage.Epochs(seed).Count.ShouldBe(RetryPolicy.MaxCrashes);
    }
}
