using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>The database goes away and comes back.</summary>
public sealed class OutageContract : ContractSuite
{
    /// <summary>Seconds of a lease that a slow machine does not lose in an outage of a third of it.</summary>
    const int LongerLease = 24;

    [PrivatePostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_10_An_outage_of_a_third_of_a_lease_costs_no_attempt_loses_no_result_and_no_call(string engine)
    {
        await using var stage = await Stage.OpenWithOwnServer(LongerLease, engine);
        var (running, runningSeed) = await stage.Submit(new ActionScript(Epochs: 120, MillisecondsPerEpoch: 150));
        var (ending, endingSeed) = await stage.Submit(new ActionScript(Actions: [new(10, RunAction.Wait)]));
        var worker = stage.StartWorker(cores: 2);
        await stage.UntilEpoch(endingSeed, 10);
        await stage.UntilEpoch(runningSeed, 3);
        await stage.Cluster.Stop();
        // With the time it takes to stop and to start, a third.
        var over = Task.Delay(stage.Lease.Lease / 4);
        stage.LetGo(endingSeed);
        await stage.Until("the worker has noticed", () => Task.FromResult(worker.Printed.Contains("the database could not be told", StringComparison.Ordinal)));
        await over;
        await stage.Cluster.Start();

        // The pool is full of connections that are gone, and nobody knows yet.
        var (next, nextSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        await stage.Desk.Jobs.SetPriority(next, 1, "ada");
        foreach (var (job, seed, epochs) in ((Guid, long, int)[])[(ending, endingSeed, 10), (running, runningSeed, 120), (next, nextSeed, 2)])
        {
            (await stage.UntilEnded(job)).Attempt.ShouldBe(1);
            await stage.ShouldHaveSucceededUndisturbed(job, seed, epochs);
            stage.Epochs(seed).Count.ShouldBe(epochs, "the same attempt went on");
        }
    }

    [PrivatePostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_11_An_outage_of_two_leases_stops_the_run_before_anybody_else_can_have_the_job(string engine)
    {
        await using var stage = await Stage.OpenWithOwnServer(Stage.ShortLease, engine);
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Hang, Times: 1)]));
        var worker = stage.StartWorker("fenced");
        await stage.UntilDone(seed, 5, RunAction.Hang);
        await stage.StartReadyWorker("other");
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        await stage.Cluster.Stop();
        var over = Task.Delay(stage.Lease.Lease * 2);
        // Nobody can have the job before the server is back.
        await Persistence.Tests.Arrange.Eventually.Holds("the worker fenced itself off", () => Task.FromResult(!WorkerProcess.IsAlive(process)), (stage.Lease.SelfFence + BusyMachine).TotalSeconds);
        await over;
        await stage.Cluster.Start();
        await stage.UntilEnded(job);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        (await stage.Desk.Job(job)).Attempt.ShouldBe(2);
        (await stage.Desk.Jobs.Events(job))[^1].To.ShouldBe(JobState.Succeeded);
    }
}
