using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Persistence.Workers;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>A claim of one job by its id: under every rule of the claim of the next but the turn.</summary>
public sealed class NamedClaimTests
{
    [PostgresFact]
    public async Task Named_job_is_taken_before_its_turn_and_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var second = await desk.SubmitOneJob();
        var claims = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(() => desk.Jobs.TryClaim(second, Offer($"w{worker}")))));
        var job = claims.OfType<ClaimedJob>().ShouldHaveSingleItem();
        (job.Lease.JobId, job.Lease.Fence, job.Attempt).ShouldBe((second, 1, 1));
        (await desk.Jobs.Heartbeat(job.Lease)).ShouldBe(HeartbeatReply.Continue);
        (await desk.Jobs.Events(second)).Select(line => line.To).ShouldBe([JobState.Queued, JobState.Running]);
        (await desk.Jobs.TryClaim(second, Offer())).ShouldBeNull("it runs");
        (await desk.Jobs.TryClaim(Guid.NewGuid(), Offer())).ShouldBeNull("there is no such job");
    }

    [PostgresFact]
    public async Task Named_job_is_refused_by_each_rule_that_a_claim_of_the_next_keeps()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var workers = new WorkerStore(database.DataSource);
        var devices = new DeviceStore(database.DataSource);
        var quotas = new QuotaStore(database.DataSource);
        var id = await desk.SubmitOneJob(threads: 2);
        var labelled = await Submit(desk, new RequirementsSpec { GpuMemoryGib = null, Labels = ["a100"] });

        (await desk.Jobs.TryClaim(id, Offer() with { Threads = 1 })).ShouldBeNull("it takes two cores");
        (await desk.Jobs.TryClaim(id, Offer() with { Device = DeviceKind.Cuda })).ShouldBeNull("it is for a cpu");
        (await desk.Jobs.TryClaim(id, Offer() with { Kinds = new Dictionary<string, int>() })).ShouldBeNull("this build does not know it");
        (await desk.Jobs.TryClaim(labelled, Offer())).ShouldBeNull("the label is not offered");

        await workers.Register(new WorkerInfo("w1", "host", 1, "cpu", 2, "0.1", null));
        await workers.RequestDrain("w1", "ada");
        (await desk.Jobs.TryClaim(id, Offer())).ShouldBeNull("the worker drains");
        await workers.Undrain("w1");

        var on = new DeviceName("host", "cpu");
        for (var error = 0; error < DeviceStore.MostErrors; error++)
            await devices.RecordError(on, "ecc");
        (await desk.Jobs.TryClaim(id, Offer() with { On = on })).ShouldBeNull("the device is in quarantine");

        await quotas.Set(Desk.Owner, DeviceKind.Cpu, 0, "root");
        (await desk.Jobs.TryClaim(id, Offer())).ShouldBeNull("the quota is used up");
        await quotas.Remove(Desk.Owner, DeviceKind.Cpu);

        await database.Execute($"UPDATE job SET not_before = clock_timestamp() + interval '1 hour' WHERE id = '{id}'");
        (await desk.Jobs.TryClaim(id, Offer())).ShouldBeNull("its time has not come");
        await desk.PassWaits();
        (await desk.StateOf(id)).ShouldBe(JobState.Queued);
        (await desk.Jobs.TryClaim(id, Offer())).ShouldNotBeNull();
        (await desk.Jobs.TryClaim(labelled, Offer() with { Labels = ["a100"] })).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Quota_holds_against_eight_who_claim_by_name_at_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await new QuotaStore(database.DataSource).Set(Desk.Owner, DeviceKind.Cpu, 3, "root");
        var jobs = new List<Guid>();
        for (var i = 0; i < 8; i++)
            jobs.Add(await desk.SubmitOneJob());
        var claims = await Task.WhenAll(jobs.Select((job, worker) => Task.Run(() => desk.Jobs.TryClaim(job, Offer($"w{worker}")))));
        claims.Count(claim => claim is not null).ShouldBe(3);
    }

    static WorkerOffer Offer(string worker = "w1") => new(worker, 8, DeviceKind.Cpu);

    static async Task<Guid> Submit(Desk desk, RequirementsSpec requires)
    {
        var spec = Specs.OneJob(Specs.NewSeed());
        var submitted = await desk.Submit(spec with { Compute = spec.Compute with { Requires = requires } });
        return (await desk.Experiments.Jobs(submitted.Id))[0].Job.Id;
    }
}
