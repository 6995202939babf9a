using KdRobust.ActionWorker;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Workers;
using KdRobust.Support;
using KdRobust.Worker.Tests.Arrange;

namespace KdRobust.Worker.Tests.Serving;

/// <summary>Memory that runs out, devices that break, disks that fill.</summary>
public sealed class DeviceTests
{
    /// <summary>Seconds: each of these starts several processes, one after the other.</summary>
    const double Patience = 120;

    [PostgresFact]
    public async Task Training_that_runs_out_of_memory_goes_on_in_smaller_passes_and_says_so()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.OutOfMemory, Times: 2)]));
        stage.StartWorker();
        var ended = await stage.UntilEnded(job, Patience);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        ended.Attempt.ShouldBe(1);
        ended.MicroBatch.ShouldNotBeNull();
        ended.Result!.Provenance.MicroBatch.ShouldBe(ended.MicroBatch);
        stage.Epochs(seed).Select(epoch => epoch.Epoch).ShouldBe([1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10]);
        (await stage.Desk.Jobs.Events(job)).Count(line => line.Reason.Contains($"tried again in passes of {ended.MicroBatch}") || line.Reason.Contains($"tried again in passes of {ended.MicroBatch * 2}")
            || line.Reason.Contains($"tried again in passes of {(ended.MicroBatch * 2) + 1}")).ShouldBe(2);
    }

    [PostgresFact]
    public async Task Device_that_fails_three_times_gets_no_work_until_somebody_lifts_that()
    {
        await using var stage = await Stage.Open();
        var devices = new DeviceStore(stage.Database.DataSource);
        var (bad, _) = await stage.Submit(new ActionScript(Actions: [new(1, RunAction.BreakDevice)]));
        stage.StartWorker();
        await stage.Until("the job has failed", async () =>
        {
            await stage.Desk.PassWaits();
            return await stage.Desk.StateOf(bad) == JobState.Failed;
        }, Patience);
        (await stage.Desk.Job(bad)).Failure!.Kind.ShouldBe(FailureKind.Hardware);
        await stage.Until("the device is in quarantine", async () => (await devices.List()).Any(device => device.QuarantinedAt is not null));
        var health = (await devices.List()).ShouldHaveSingleItem();
        health.QuarantineReason!.ShouldStartWith("3 hardware errors in a row, the last: cudaErrorECCUncorrectable");
        var (next, nextSeed) = await stage.Submit(new ActionScript(Epochs: 2));
        (await stage.Desk.TryClaim("elsewhere")).ShouldNotBeNull("the job is there for others").Lease.JobId.ShouldBe(next);
        await stage.Database.Execute($"UPDATE job SET lease_until = clock_timestamp() - interval '1 s' WHERE id = '{next}'");
        await stage.Until("it is taken back", async () => await stage.Desk.StateOf(next) == JobState.Queued);
        (await stage.Desk.Jobs.WhyWaiting(next))!.ShouldStartWith("every worker that could take it takes none: w1 is in quarantine");
        (await devices.LiftQuarantine(health.On)).ShouldBeTrue();
        await stage.UntilEnded(next, Patience);
        await stage.ShouldHaveSucceededUndisturbed(next, nextSeed, 2);
        await stage.Until("its success clears the count", async () => (await devices.List()).Count == 0);
    }

    [PostgresFact]
    public async Task Run_that_fills_the_disk_with_temporary_files_is_ended_and_they_are_swept()
    {
        await using var stage = await Stage.Open();
        var (job, seed) = await stage.Submit(new ActionScript(Actions: [new(3, RunAction.FillTemp, Times: 1)]));
        stage.StartWorker(more: ["--temp-limit", "1"]);
        await stage.Until("its files are too many", async () => (await stage.Desk.Jobs.Events(job)).Any(line => line.Reason.Contains("exceed 1 MiB: start the worker with a higher --temp-limit")));
        await stage.Desk.PassWaits();
        await stage.UntilEnded(job, Patience);
        await stage.ShouldHaveSucceededUndisturbed(job, seed);
        File.Exists(Path.Combine(stage.Folder, "scratch", "w1", "temp", "0", "large")).ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Worker_tells_its_speed_and_its_free_cores()
    {
        await using var stage = await Stage.Open(lease: 12);
        var (_, seed) = await stage.Submit(new ActionScript(Actions: [new(5, RunAction.Wait)]));
        stage.StartWorker(cores: 2);
        await stage.UntilEpoch(seed, 5);
        await stage.Until("the worker tells its speed and its free core", async () =>
            (await new WorkerStore(stage.Database.DataSource).List()).Any(worker => worker is { ImagesPerSecond: 500, FreeCores: 1, Devices: [{ Device: "cpu" }] }));
    }
}
