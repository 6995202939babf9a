using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

public sealed class ClaimTests
{
    [PostgresFact]
    public async Task Two_claimers_never_take_the_same_job()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var i = 0; i < 12; i++)
            await desk.SubmitOneJob();

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            var mine = new List<Guid>();
            while (await desk.TryClaim($"w{worker}") is { } job)
                mine.Add(job.Lease.JobId);
            return mine;
        }));

        taken.SelectMany(mine => mine).Distinct().Count().ShouldBe(12);
        taken.Sum(mine => mine.Count).ShouldBe(12);
    }

    [PostgresFact]
    public async Task A_claimer_who_finds_all_it_saw_taken_looks_deeper()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var jobs = new List<Guid>();
        for (var i = 0; i < 12; i++)
            jobs.Add(await desk.SubmitOneJob());
        await using var others = await database.DataSource.OpenConnectionAsync();
        await using var claiming = await others.BeginTransactionAsync();
        await using (var take = others.CreateCommand())
        {
            take.CommandText = "SELECT id FROM job ORDER BY seq LIMIT 10 FOR UPDATE";
            await take.ExecuteNonQueryAsync();
        }
        (await desk.TryClaim())!.Lease.JobId.ShouldBe(jobs[10]);
    }

    [PostgresFact]
    public async Task Priority_comes_first_then_age()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var names = new List<string>();
        foreach (var (name, priority) in new[] { ("a1", 1), ("b5", 5), ("c9", 9), ("d5", 5) })
        {
            var job = await desk.SubmitOneJob(name);
            await database.Execute($"UPDATE job SET priority = {priority}, name = '{name}' WHERE id = '{job}'");
        }
        while (await desk.TryClaim() is { } claimed)
            names.Add(claimed.DisplayName);
        names.ShouldBe(["c9", "b5", "d5", "a1"]);
    }

    [PostgresFact]
    public async Task Job_that_does_not_fit_the_offer_is_left()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob(threads: 4);
        (await desk.TryClaim(threads: 3)).ShouldBeNull();
        (await desk.Jobs.TryClaimNext(new WorkerOffer("gpu", 8, DeviceKind.Cuda))).ShouldBeNull();
        (await desk.TryClaim(threads: 4)).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Claim_carries_inputs_resume_point_and_a_new_fence()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        var teacher = await desk.Claim();
        teacher.Attempt.ShouldBe(1);
        teacher.Resume.ShouldBeNull();
        teacher.Payload.ShouldBeOfType<TrainPayload>();
        var point = await desk.StoreCheckpoint(teacher.Lease, CheckpointRole.Resume, "resume", Desk.Bytes(10, 1), epoch: 3);
        await desk.Jobs.Release(teacher.Lease, ReleaseReason.Drained);

        var again = await desk.Claim("w2");
        again.Lease.Fence.ShouldBeGreaterThan(teacher.Lease.Fence);
        again.Resume.ShouldBe(point);
        await desk.StoreOutputs(again);
        await desk.Jobs.Complete(again.Lease, Desk.TrainResult);

        var labels = await desk.Claim();
        labels.Inputs.Keys.ShouldBe([InputRoles.Weights]);
        labels.Inputs[InputRoles.Weights].Bytes.ShouldBe(1000);
    }

    [PostgresFact]
    public async Task Job_whose_input_is_damaged_fails_in_words_and_the_next_is_taken()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        await desk.Work();
        await database.Execute("UPDATE checkpoint SET damaged_at = now()");
        (await desk.TryClaim()).ShouldBeNull();
        var jobs = await desk.Experiments.Jobs(submitted.Id);
        var labels = jobs.Single(job => job.Key == "labels/teacher-labels-votes").Job;
        labels.State.ShouldBe(JobState.Failed);
        labels.Failure!.Message.ShouldContain("'weights' of 'train cni' is missing or damaged");
        jobs.Count(job => job.Job.State == JobState.Cancelled).ShouldBe(2);
    }

    [PostgresFact]
    public async Task Job_that_waits_after_a_failure_is_not_taken_before_its_time()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var first = await desk.Claim();
        (await desk.Jobs.Fail(first.Lease, new JobFailure(FailureKind.Transient, "weather", ""))).ShouldBe(FailOutcome.WillRetry);
        (await desk.TryClaim()).ShouldBeNull();
        await desk.PassWaits();
        (await desk.Claim()).Attempt.ShouldBe(2);
    }
}
