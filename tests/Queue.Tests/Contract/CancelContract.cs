using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Queue.Tests.Contract;

/// <summary>Who asks for a job's end gets it, once.</summary>
public sealed class CancelContract : ContractSuite
{
    [PostgresTheory, MemberData(nameof(Engines))]
    public async Task Contract_08_A_cancel_in_every_state_leads_to_one_end(string engine)
    {
        await using var stage = await Stage.Open(engine: engine);
        async Task Cancel(Guid job, CancelKind expected) => (await stage.Desk.Jobs.RequestCancel(job, "ada", false)).Kind.ShouldBe(expected);

        // One slot, which first tries a job that will be tried again, then stays with one that waits for a word.
        var (delayed, delayedSeed) = await stage.Submit(new ActionScript(Actions: [new(1, RunAction.BadWeather)]));
        var (running, runningSeed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait)]));
        var worker = stage.StartWorker();
        await stage.UntilEpoch(runningSeed, 5);
        var process = worker.RunProcesses().ShouldHaveSingleItem();
        (await stage.Desk.StateOf(delayed)).ShouldBe(JobState.Queued);
        var (queued, queuedSeed) = await stage.Submit(new ActionScript());
        var (paused, pausedSeed) = await stage.Submit(new ActionScript());
        await stage.Desk.Jobs.Pause(paused, "ada");
        var diamond = await stage.Desk.Experiments.Jobs((await stage.Desk.Submit(Specs.Diamond(Specs.NewSeed()))).Id);
        var blocked = diamond[1].Job.Id;

        await Cancel(delayed, CancelKind.Cancelled);
        await Cancel(queued, CancelKind.Cancelled);
        await Cancel(paused, CancelKind.Cancelled);
        await Cancel(blocked, CancelKind.Cancelled);
        await Cancel(queued, CancelKind.AlreadyEnded);
        await Cancel(running, CancelKind.Requested);
        (await stage.UntilEnded(running, seconds: 20)).State.ShouldBe(JobState.Cancelled);
        await stage.UntilState(diamond[0].Job.Id, JobState.Succeeded);
        await Cancel(diamond[0].Job.Id, CancelKind.AlreadyEnded);
        worker.RunProcesses().ShouldBe([process], "a run that stops when asked keeps its process");
        (await stage.Desk.StateOf(diamond[3].Job.Id)).ShouldBe(JobState.Cancelled, "it waited for a cancelled one");

        // A result and a cancel at the same moment, again and again: whoever comes first, there is one end.
        var ends = new HashSet<JobState>();
        for (var round = 0; round < 8; round++)
        {
            var (race, raceSeed) = await stage.Submit(new ActionScript(Epochs: 1, Actions: [new(1, RunAction.Wait)]));
            await stage.UntilEpoch(raceSeed, 1);
            stage.LetGo(raceSeed);
            // A run takes some tens of milliseconds from here to its result.
            await Task.Delay(round * 12);
            await stage.Desk.Jobs.RequestCancel(race, "ada", false);
            ends.Add((await stage.UntilEnded(race)).State);
        }
        ends.ShouldBeSubsetOf([JobState.Succeeded, JobState.Cancelled]);
        (await stage.Database.Scalar<long>(
            "SELECT count(*) FROM job WHERE (SELECT count(*) FROM job_event WHERE job_id = job.id AND to_state IN ('Succeeded', 'Failed', 'Cancelled') AND from_state <> to_state) <> 1")).ShouldBe(0);
        stage.Epochs(delayedSeed).Count.ShouldBe(1);
        stage.Epochs(queuedSeed).Concat(stage.Epochs(pausedSeed)).ShouldBeEmpty();
    }
}
