using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Experiments;

/// <summary>Work in shards: the merge waits for all, happens once, and whoever uses it uses its shards.</summary>
public sealed class ShardedSubmissionTests
{
    // train/cni, three shards of the labels of 2,000 images, their merge, train/kd-votes, attack/kd-votes-8.
    static ExperimentSpec Cut(long seed, int size = 768)
    {
        var whole = Specs.Diamond(seed);
        return whole with { Compute = whole.Compute with { ShardImages = size } };
    }

    static async Task<JobView> Find(Desk desk, Submitted submitted, string key) => (await desk.Experiments.Jobs(submitted.Id)).Single(job => job.Key == key).Job;

    const string Merge = "labels/teacher-labels-votes";

    [PostgresFact]
    public async Task Merge_becomes_ready_once_when_the_last_shard_has_ended_and_gets_every_part()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var submitted = await desk.Submit(Cut(Specs.NewSeed()));
        submitted.Jobs.ShouldBe(7);
        await desk.Work();
        var shards = new[] { await desk.Claim("w1"), await desk.Claim("w2"), await desk.Claim("w3") };
        shards.Select(shard => ((ImagesPayload)shard.Payload).Shard).ShouldBe([new(0, 768), new(768, 768), new(1536, 464)]);
        (await desk.TryClaim()).ShouldBeNull();
        foreach (var shard in shards) await desk.StoreOutputs(shard);
        (await Find(desk, submitted, Merge)).State.ShouldBe(JobState.Blocked);
        await Task.WhenAll(shards.Select(shard => desk.Jobs.Complete(shard.Lease, Desk.ResultOf(shard))));

        var merge = await desk.Claim();
        merge.Payload.ShouldBeOfType<MergePayload>().Shards.Count.ShouldBe(3);
        merge.Inputs.Keys.ShouldBe([InputRoles.Shard(0), InputRoles.Shard(1), InputRoles.Shard(2)], ignoreOrder: true);
        (await desk.TryClaim()).ShouldBeNull();
        await desk.StoreOutputs(merge);
        (await desk.Jobs.Complete(merge.Lease, Desk.ResultOf(merge))).ShouldBe(CompleteOutcome.Succeeded);
        (await desk.Claim()).DisplayName.ShouldBe("train kd-votes");
        (await desk.Jobs.Events(merge.Lease.JobId)).Count(line => line.To == JobState.Succeeded).ShouldBe(1);
    }

    [PostgresFact]
    public async Task Shard_that_fails_for_good_cancels_the_merge_and_what_waits_for_it_and_says_which()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Cut(Specs.NewSeed());
        var submitted = await desk.Submit(spec);
        await desk.Work();
        await desk.Work();
        await desk.Jobs.Fail((await desk.Claim()).Lease, new JobFailure(FailureKind.Permanent, "train.bin ends at byte 12", ""));

        foreach (var key in new[] { Merge, "train/kd-votes", "attack/kd-votes-8" })
        {
            var job = await Find(desk, submitted, key);
            job.State.ShouldBe(JobState.Cancelled);
            (await desk.Jobs.Events(job.Id)).Last().Reason.ShouldBe("'label by cni (M=16), images 768-1535' failed: train.bin ends at byte 12");
        }
        (await Find(desk, submitted, $"{Merge}/images-1536-1999")).State.ShouldBe(JobState.Queued);

        // Submitted again, what succeeded is not computed again.
        var again = await desk.Submit(spec);
        (again.Jobs, again.ReusedJobs).ShouldBe((7, 3));
        var jobs = await desk.Experiments.Jobs(again.Id);
        jobs.Single(job => job.Key == $"{Merge}/images-0-767").Job.State.ShouldBe(JobState.Succeeded);
        jobs.Single(job => job.Key == Merge).Job.State.ShouldBe(JobState.Blocked);
    }

    [PostgresFact]
    public async Task What_was_computed_whole_is_not_cut_and_what_was_merged_is_not_computed_whole()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var (first, second) = (Specs.NewSeed(), Specs.NewSeed());
        await desk.Submit(Specs.Diamond(first));
        await desk.Submit(Cut(second));
        while (await desk.TryClaim() is { } job)
        {
            await desk.StoreOutputs(job);
            await desk.Jobs.Complete(job.Lease, Desk.ResultOf(job));
        }
        foreach (var spec in new[] { Cut(first), Specs.Diamond(second), Cut(second, 1024) })
        {
            var submitted = await desk.Submit(spec);
            (submitted.Created, submitted.Jobs, submitted.ReusedJobs).ShouldBe((true, 4, 4));
            (await desk.Experiments.Find(submitted.Id, null))!.State.ShouldBe(ExperimentState.Succeeded);
        }
        (await desk.TryClaim()).ShouldBeNull();
    }

    [PostgresFact]
    public async Task Who_uses_a_merge_that_is_under_way_uses_its_shards_however_its_own_spec_cuts()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var cut = await desk.Submit(Cut(seed));
        await desk.Work();
        var running = await desk.Claim();
        await desk.Jobs.RequestCancel(running.Lease.JobId, "ada", true);
        var whole = await desk.Submit(Specs.Diamond(seed));
        var coarse = await desk.Submit(Cut(seed, 1024));
        foreach (var other in new[] { whole, coarse })
        {
            (other.Jobs, other.ReusedJobs).ShouldBe((7, 7));
            (await desk.Experiments.Jobs(other.Id)).Select(job => (job.Key, job.Job.Id)).ShouldBe((await desk.Experiments.Jobs(cut.Id)).Select(job => (job.Key, job.Job.Id)));
        }
        (await desk.Job(running.Lease.JobId)).CancelRequested.ShouldBeFalse("it is needed again");

        (await desk.Experiments.Cancel(cut.Id, null, "ada")).Cancelled.ShouldBeEmpty();
        (await desk.Experiments.Cancel(coarse.Id, null, "ada")).Cancelled.ShouldBeEmpty();
        (await desk.Experiments.Cancel(whole.Id, null, "ada")).Cancelled.Count.ShouldBe(6);
        (await Find(desk, whole, Merge)).State.ShouldBe(JobState.Cancelled);
    }
}
