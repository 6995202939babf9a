using KdRobust.ActionWorker;
using KdRobust.EndToEnd.Tests.Arrange;

namespace KdRobust.EndToEnd.Tests.Faults;

/// <summary>Disks that are full to their last page, of the server and of a worker.</summary>
public sealed class FullDiskTests
{
    [HostFact]
    public async Task Full_disk_of_the_server_costs_time_and_nothing_else()
    {
        await using var service = await ScriptedService.Start(workers: 1);
        var worker = await service.Worker(1);
        var (job, seed) = await service.Submit(new ActionScript(Epochs: 20, CheckpointBytes: 1_000_000, Actions: [new(5, RunAction.Wait)]));
        await service.UntilCheckpoint(job, 4);
        var cluster = service.Arena.Cluster;
        cluster.Host!.Fill(cluster.Disk);
        service.LetGo(seed);
        await service.Arena.Until("the worker or the server has noticed", () => Task.FromResult(cluster.ProcessId == 0 || worker.Worker!.Printed.Contains("No space left on device", StringComparison.Ordinal)), 60);
        cluster.Host.Free(cluster.Disk);
        if (cluster.ProcessId == 0)
            await cluster.Start();
        await service.UntilState(job, "Succeeded", 90);
        await service.ShouldHaveKeptEveryPromise();
    }

    [HostFact]
    public async Task Worker_whose_scratch_disk_is_full_gives_jobs_back_without_an_attempt_until_there_is_room()
    {
        await using var service = await ScriptedService.Start(workers: 2);
        var full = await service.Worker(2);
        var (job, seed) = await service.Submit(new ActionScript(Epochs: 12, CheckpointBytes: 300_000, Actions: [new(6, RunAction.Wait)]));
        await service.UntilCheckpoint(job, 5);
        await service.Ask("pause", job);
        await service.UntilState(job, "Paused");
        full.Host!.Fill(full.Host.Disks[0]);

        // It needs its resume point as a file now, and there is no room for it.
        await service.Ask("resume", job);
        await service.Until("it has been given back", $"SELECT EXISTS (SELECT 1 FROM job_event WHERE job_id = '{job}' AND to_state = 'Queued' AND reason LIKE 'given back: the worker has no room%')");
        service.LetGo(seed);
        await service.Worker(1);
        await service.UntilState(job, "Succeeded");
        (await service.AttemptOf(job)).ShouldBe(1, "a full disk is not the job's fault");
        (await service.Arena.Value<string>($"SELECT worker FROM job WHERE id = '{job}'")).ShouldBe(service.Arena.Places[0].Name);

        // Room again: the same worker takes work again.
        await service.Arena.Places[0].Worker!.Kill();
        full.Host.Free(full.Host.Disks[0]);
        var (next, _) = await service.Submit(new ActionScript());
        await service.UntilState(next, "Succeeded");
        full.Worker!.HasEnded.ShouldBeFalse();
        await service.ShouldHaveKeptEveryPromise();
    }

    [HostFact]
    public async Task Worker_that_ends_while_its_scratch_disk_is_full_ends_in_order()
    {
        await using var service = await ScriptedService.Start(workers: 2);
        var full = await service.Worker(2);
        var (job, _) = await service.Submit(new ActionScript());
        await service.UntilState(job, "Succeeded");
        full.Host!.Fill(full.Host.Disks[0]);
        // Its log file takes no line from now on; what it says at its end is on the console.
        full.Worker!.Terminate();
        (await full.Worker.Ended(TimeSpan.FromSeconds(60))).ShouldBe(0, full.Printed);
        full.Printed.ShouldContain("stopped");
    }
}
