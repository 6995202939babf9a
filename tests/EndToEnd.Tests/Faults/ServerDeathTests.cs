using KdRobust.ActionWorker;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>PostgreSQL dies in the middle of work, in the three ways a process can.</summary>
public sealed class ServerDeathTests
{
    [PrivatePostgresFact]
    public async Task Server_killed_and_started_again_with_work_in_flight_has_lost_nothing_it_had_promised()
    {
        await using var service = await ScriptedService.Start(workers: 2);
        await service.Worker(1);
        await service.Worker(2);
        var cluster = service.Arena.Cluster;
        var jobs = new List<Guid>();
        foreach (var death in (Func<Task>[])[KillEverything, StopAtOnce, KillOne])
        {
            var (job, _) = await service.Submit(new ActionScript(Epochs: 30, MillisecondsPerEpoch: 50, CheckpointBytes: 100_000));
            jobs.Add(job);
            await service.UntilCheckpoint(job, 3);
            await death();
        }
        foreach (var job in jobs)
            await service.UntilState(job, "Succeeded");
        await service.ShouldHaveKeptEveryPromise();

        async Task KillEverything()
        {
            await cluster.KillEverything();
            await cluster.Start();
        }

        async Task StopAtOnce()
        {
            await cluster.Kill();
            await cluster.Start();
        }

        async Task KillOne() => (await service.Arena.Steadily(() => cluster.KillBackend(1))).ShouldBeTrue();
    }
}
