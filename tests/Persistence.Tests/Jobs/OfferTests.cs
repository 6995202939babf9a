using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>Who is given which job, and what is said about a job that nobody is given.</summary>
public sealed class OfferTests
{
    [PostgresFact]
    public async Task Job_that_requires_labels_goes_only_to_a_worker_that_has_them_all()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var id = await Submit(desk, new RequirementsSpec { GpuMemoryGib = null, Labels = ["fast", "a100"] });
        (await desk.Job(id)).Labels.ShouldBe(["a100", "fast"]);
        (await desk.TryClaim()).ShouldBeNull();
        (await desk.Jobs.TryClaimNext(Offer() with { Labels = ["fast"] })).ShouldBeNull();
        (await desk.Jobs.TryClaimNext(Offer() with { Labels = ["slow", "a100", "fast"] }))!.Lease.JobId.ShouldBe(id);
    }

    [PostgresFact]
    public async Task Job_that_needs_more_memory_than_the_gpu_has_free_is_left()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await Submit(desk, new RequirementsSpec { GpuMemoryGib = 40, Labels = [] }, DeviceKind.Cuda);
        var gpu = Offer() with { Device = DeviceKind.Cuda };
        (await desk.Jobs.TryClaimNext(gpu with { FreeGpuMemoryMiB = (40 * 1024) - 1 })).ShouldBeNull();
        (await desk.Jobs.TryClaimNext(gpu with { FreeGpuMemoryMiB = 40 * 1024 })).ShouldNotBeNull();
        await Submit(desk, new RequirementsSpec { GpuMemoryGib = 40, Labels = [] }, DeviceKind.Cuda);
        (await desk.Jobs.TryClaimNext(gpu)).ShouldNotBeNull("nobody knows what is free");
    }

    [PostgresFact]
    public async Task Worker_of_another_build_gets_no_job_whose_numbers_it_computes_differently()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var newer = new Dictionary<string, int>(ResultsVersions.Known) { [TrainPayload.Kind] = ResultsVersions.Known[TrainPayload.Kind] + 1 };
        (await desk.Jobs.TryClaimNext(Offer() with { Kinds = newer })).ShouldBeNull();
        newer.Remove(TrainPayload.Kind);
        (await desk.Jobs.TryClaimNext(Offer() with { Kinds = newer })).ShouldBeNull();
        (await desk.TryClaim()).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Worker_that_drains_and_device_in_quarantine_get_nothing_until_that_is_lifted()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var workers = new WorkerStore(database.DataSource);
        var devices = new DeviceStore(database.DataSource);
        await workers.Register(Info("w1"));
        await desk.SubmitOneJob();
        await desk.SubmitOneJob();
        (await workers.RequestDrain("w1", "ada")).ShouldBeTrue();
        (await workers.RequestDrain("nobody", "ada")).ShouldBeFalse();
        (await workers.Seen("w1", new WorkerReading(null, 2, 0, []))).ShouldBeTrue();
        (await desk.TryClaim()).ShouldBeNull();
        await workers.Undrain("w1");
        (await desk.TryClaim()).ShouldNotBeNull();

        var on = new DeviceName("host", "cuda:0");
        (await devices.RecordError(on, "ecc")).ShouldBeFalse();
        (await devices.RecordError(on, "ecc")).ShouldBeFalse();
        await devices.RecordSuccess(on);
        (await devices.RecordError(on, "ecc")).ShouldBeFalse("a job succeeded in between");
        (await devices.RecordError(on, "ecc")).ShouldBeFalse();
        (await devices.RecordError(on, "cudaErrorECCUncorrectable")).ShouldBeTrue();
        (await desk.Jobs.TryClaimNext(Offer() with { On = on })).ShouldBeNull();
        (await devices.List()).ShouldHaveSingleItem().QuarantineReason.ShouldBe("3 hardware errors in a row, the last: cudaErrorECCUncorrectable");
        (await devices.LiftQuarantine(on)).ShouldBeTrue();
        (await devices.LiftQuarantine(on)).ShouldBeFalse();
        (await desk.Jobs.TryClaimNext(Offer() with { On = on })).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Quotas_of_an_owner_and_of_all_hold_against_eight_claimers_at_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var quotas = new QuotaStore(database.DataSource);
        await quotas.Set("ada", DeviceKind.Cpu, 3, "root");
        await quotas.Set(null, DeviceKind.Cpu, 5, "root");
        foreach (var owner in new[] { "ada", "bob" })
        {
            for (var i = 0; i < 10; i++)
                await desk.Submit(Specs.OneJob(Specs.NewSeed()), owner: owner);
        }
        for (var round = 0; round < 3; round++)
        {
            var claimed = (await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
            {
                var mine = new List<JobLease>();
                while (await desk.TryClaim($"w{worker}") is { } job)
                    mine.Add(job.Lease);
                return mine;
            })))).SelectMany(mine => mine).ToList();
            (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Running' AND owner = 'ada'")).ShouldBe(3);
            (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Running'")).ShouldBe(5);
            foreach (var lease in claimed)
                (await desk.Jobs.Complete(lease, Desk.TrainResult)).ShouldBe(CompleteOutcome.Succeeded);
        }
        (await quotas.List()).Select(quota => (quota.Owner, quota.MostRunning)).ShouldBe([(null, 5), ("ada", 3)]);
        (await quotas.Remove("ada", DeviceKind.Cpu)).ShouldBeTrue();
        (await quotas.Remove("ada", DeviceKind.Cpu)).ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Why_a_job_waits_is_said_in_one_sentence()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var workers = new WorkerStore(database.DataSource);
        var quotas = new QuotaStore(database.DataSource);
        var devices = new DeviceStore(database.DataSource);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        var id = jobs[0].Job.Id;
        async Task<string?> Why(Guid? job = null) => await desk.Jobs.WhyWaiting(job ?? id);

        (await Why(Guid.NewGuid())).ShouldBeNull();
        (await Why(jobs[3].Job.Id)).ShouldBe("it waits for 'train cni' (Queued), 'train kd-votes' (Blocked)");
        (await Why()).ShouldBe("no worker is alive: start one");
        await workers.Register(Info("gpu") with { Device = "cuda" });
        (await Why()).ShouldBe("no living worker has device cpu");
        await workers.Register(Info("w1") with { Kinds = new Dictionary<string, int> { ["train"] = 2 } });
        (await Why()).ShouldBe("only newer builds work here: it is train version 1, they compute version 2");
        await workers.Register(Info("w1") with { Kinds = new Dictionary<string, int>() });
        (await Why()).ShouldBe("no living worker's build knows the kind train: start one of the build that submitted it");
        await workers.Register(Info("w1"));
        (await Why()).ShouldBe("it is next: the workers that could take it are busy");
        (await Why(await Submit(desk, new RequirementsSpec { GpuMemoryGib = null, Labels = ["a100"] }))).ShouldBe("no living worker that could compute it offers label a100: start one with --label a100");
        (await Why(await desk.SubmitOneJob(threads: 64))).ShouldBe("it takes 64 cores; the largest living worker that could compute it has 2");
        (await Why(await desk.SubmitOneJob())).ShouldBe("its turn comes: 3 jobs go before it");

        await workers.RequestDrain("w1", "ada");
        (await Why()).ShouldBe("every worker that could take it takes none: w1 drains (asked by ada)");
        await workers.Undrain("w1");
        await workers.Seen("w1", new WorkerReading(null, 2, 0, [new DeviceReading("cpu", null, null, null, null)]));
        for (var error = 0; error < DeviceStore.MostErrors; error++)
            await devices.RecordError(new DeviceName("host", "cpu"), "ecc");
        (await Why()).ShouldBe("every worker that could take it takes none: w1 is in quarantine (cpu: 3 hardware errors in a row, the last: ecc)");
        (await workers.List()).Single(worker => worker.Info.Name == "w1").Quarantined["cpu"].ShouldStartWith("3 hardware errors");
        await devices.LiftQuarantine(new DeviceName("host", "cpu"));

        await quotas.Set(Desk.Owner, DeviceKind.Cpu, 0, "root");
        (await Why()).ShouldBe("quota of owner ada: 0 of at most 0 cpu jobs run");
        await quotas.Remove(Desk.Owner, DeviceKind.Cpu);
        var lease = (await desk.Claim()).Lease;
        (await Why()).ShouldBe("it runs on w1");
        await desk.Jobs.Fail(lease, new JobFailure(FailureKind.Transient, "the disk is away", ""));
        (await Why())!.ShouldMatch("^not before [0-9:]{8} UTC: will be tried again: the disk is away$");
        await desk.Jobs.Pause(id, "ada");
        (await Why()).ShouldBe("paused by ada: resume it to let it go on");
        await desk.Jobs.RequestCancel(id, "ada", false);
        (await Why()).ShouldBe("it has ended (Cancelled): cancelled by ada");
    }

    static WorkerOffer Offer() => new("w1", 8, DeviceKind.Cpu);

    static WorkerInfo Info(string name) => new(name, "host", 1, "cpu", 2, "0.1", null) { Kinds = ResultsVersions.Known };

    static async Task<Guid> Submit(Desk desk, RequirementsSpec requires, DeviceKind device = DeviceKind.Cpu)
    {
        var spec = Specs.OneJob(Specs.NewSeed());
        var submitted = await desk.Submit(spec with { Compute = spec.Compute with { Device = device, Requires = requires } });
        return (await desk.Experiments.Jobs(submitted.Id))[0].Job.Id;
    }
}
