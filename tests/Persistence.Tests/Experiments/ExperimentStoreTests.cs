using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Experiments;

public sealed class ExperimentStoreTests
{
    [PostgresFact]
    public async Task Whole_demo_is_stored_as_planned()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Specs.Whole(Specs.NewSeed());
        var plan = ExperimentPlan.Of(spec);
        var submitted = await desk.Submit(spec);
        submitted.ShouldBe(new Submitted(submitted.Id, true, 0, plan.Jobs.Count, 0));

        var jobs = await desk.Experiments.Jobs(submitted.Id);
        jobs.Select(job => job.Key).ShouldBe(plan.Jobs.Select(job => job.Key));
        jobs.Select(job => job.Job.Fingerprint).ShouldBe(plan.Jobs.Select(job => job.Fingerprint));
        foreach (var job in jobs)
        {
            var parents = plan.Job(job.Key).DependsOn.Select(key => jobs.Single(other => other.Key == key).Job.Id);
            job.Job.DependsOn.ShouldBe(parents, ignoreOrder: true);
            job.Job.State.ShouldBe(job.Job.DependsOn.Count == 0 ? JobState.Queued : JobState.Blocked);
        }
        var back = await desk.Experiments.Spec(submitted.Id);
        CanonicalJson.Of(back).ShouldBe(CanonicalJson.Of(spec));
        back!.Views.Keys.ShouldBe(spec.Views.Keys, "the order of names decides keys of the plan");
    }

    [PostgresFact]
    public async Task Stored_payload_gives_the_fingerprint_it_was_planned_with()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Specs.OneJob(Specs.NewSeed());
        await desk.Submit(spec);
        CanonicalJson.Of((await desk.Claim()).Payload).ShouldBe(CanonicalJson.Of(ExperimentPlan.Of(spec).Jobs[0].Payload));
    }

    [PostgresFact]
    public async Task Same_spec_twice_is_one_experiment_even_at_the_same_moment()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Specs.Diamond(Specs.NewSeed());
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => desk.Submit(spec)));
        answers.Select(answer => answer.Id).Distinct().ShouldHaveSingleItem();
        answers.Count(answer => answer.Created).ShouldBe(1);
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(4);
    }

    [PostgresFact]
    public async Task Again_reuses_nothing_and_is_found_by_the_next_submission()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Specs.Diamond(Specs.NewSeed());
        var first = await desk.Submit(spec);
        var again = await desk.Submit(spec, again: true);
        again.Created.ShouldBeTrue();
        again.RunNumber.ShouldBe(1);
        again.ReusedJobs.ShouldBe(0);
        (await desk.Submit(spec)).Id.ShouldBe(again.Id);
        (await desk.Experiments.Jobs(first.Id)).Select(job => job.Job.Fingerprint)
            .Intersect((await desk.Experiments.Jobs(again.Id)).Select(job => job.Job.Fingerprint)).ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Jobs_are_shared_by_experiments_of_one_owner_only()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var small = await desk.Submit(Specs.OneJob(seed));
        var large = await desk.Submit(Specs.Diamond(seed));
        large.ReusedJobs.ShouldBe(1);
        var shared = (await desk.Experiments.Jobs(large.Id)).Single(job => job.Reused);
        shared.Key.ShouldBe("train/cni");
        (await desk.Jobs.Details(shared.Job.Id, null))!.Experiments.ShouldBe([large.Id, small.Id]);

        var foreign = await desk.Submit(Specs.OneJob(seed), owner: "grace");
        foreign.ReusedJobs.ShouldBe(0);
        (await desk.Experiments.Find(foreign.Id, Desk.Owner)).ShouldBeNull();
        (await desk.Experiments.Find(foreign.Id, "grace")).ShouldNotBeNull();
    }

    [PostgresFact]
    public async Task Children_of_a_parent_that_succeeded_before_are_ready_at_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        await desk.Submit(Specs.OneJob(seed));
        await desk.Work();
        var large = await desk.Submit(Specs.Diamond(seed));
        (await desk.Experiments.Jobs(large.Id)).Select(job => job.Job.State)
            .ShouldBe([JobState.Succeeded, JobState.Queued, JobState.Blocked, JobState.Blocked]);
        (await desk.Claim()).Inputs[InputRoles.Weights].Bytes.ShouldBe(1000);
    }

    [PostgresFact]
    public async Task Submission_and_end_of_a_shared_parent_never_leave_a_child_waiting()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        for (var round = 0; round < 20; round++)
        {
            var seed = Specs.NewSeed();
            await desk.Submit(Specs.OneJob(seed));
            var parent = await desk.Claim();
            await desk.StoreOutputs(parent);
            await Task.WhenAll(desk.Jobs.Complete(parent.Lease, Desk.TrainResult), desk.Submit(Specs.Diamond(seed)));
            for (var left = 3; left > 0; left--)
                await desk.Work();
        }
        (await database.Scalar<long>("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")).ShouldBe(0, "rows are locked parents first");
    }

    [PostgresFact]
    public async Task Cancelled_experiment_leaves_shared_jobs_to_the_others_and_says_so()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var seed = Specs.NewSeed();
        var small = await desk.Submit(Specs.OneJob(seed, "small"));
        var large = await desk.Submit(Specs.Diamond(seed, "large"));
        var outcome = await desk.Experiments.Cancel(large.Id, null, "ada");
        outcome.Cancelled.ShouldBe(["labels/teacher-labels-votes", "train/kd-votes", "attack/kd-votes-8"], ignoreOrder: true);
        outcome.Kept.ShouldHaveSingleItem().Key.ShouldBe("train/cni");
        outcome.Kept[0].Users.ShouldHaveSingleItem().Name.ShouldBe("small");
        (await desk.Experiments.Find(large.Id, null))!.State.ShouldBe(ExperimentState.Cancelled);

        // Now nobody else needs it.
        (await desk.Experiments.Cancel(small.Id, null, "ada")).Cancelled.ShouldBe(["train/cni"]);
        (await desk.Experiments.Cancel(small.Id, null, "ada")).AlreadyEnded.ShouldBeTrue();
        (await desk.Experiments.Cancel(small.Id, "grace", "grace")).Found.ShouldBeFalse();
    }

    [PostgresFact]
    public async Task Submitting_what_was_cancelled_takes_up_what_succeeded_and_withdraws_the_request()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var spec = Specs.Diamond(Specs.NewSeed());
        var first = await desk.Submit(spec);
        await desk.Work();
        var labels = await desk.Claim();
        await desk.Experiments.Cancel(first.Id, null, "ada");
        (await desk.Jobs.Heartbeat(labels.Lease)).ShouldBe(HeartbeatReply.Cancel);

        var second = await desk.Submit(spec);
        second.Created.ShouldBeTrue();
        second.ReusedJobs.ShouldBe(2);
        (await desk.Jobs.Heartbeat(labels.Lease)).ShouldBe(HeartbeatReply.Continue);
        (await desk.Jobs.Release(labels.Lease, ReleaseReason.Cancelled)).ShouldBeTrue();
        (await desk.StateOf(labels.Lease.JobId)).ShouldBe(JobState.Queued, "the worker had been told already, but the job is needed again");
        for (var left = 3; left > 0; left--)
            await desk.Work();
        (await desk.Experiments.Find(second.Id, null))!.State.ShouldBe(ExperimentState.Succeeded);
        (await desk.Submit(spec)).Id.ShouldBe(second.Id);
    }

    [PostgresFact]
    public async Task Submission_that_breaks_in_the_middle_leaves_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await database.Execute("ALTER TABLE job_dependency ADD CONSTRAINT broken CHECK (role <> 'labels')");
        await Should.ThrowAsync<Npgsql.PostgresException>(() => desk.Submit(Specs.Diamond(Specs.NewSeed())));
        (await database.Scalar<long>("SELECT (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job) + (SELECT count(*) FROM job_event)")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task List_pages_newest_first_without_gap_or_repetition()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var ids = new List<Guid>();
        for (var i = 0; i < 7; i++)
            ids.Add((await desk.Submit(Specs.OneJob(Specs.NewSeed()))).Id);
        await desk.Submit(Specs.OneJob(Specs.NewSeed()), owner: "grace");

        var seen = new List<Guid>();
        long? before = null;
        while (await desk.Experiments.List(new(Desk.Owner), false, before, 3) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(view => view.Id));
            before = page[^1].Seq;
        }
        seen.ShouldBe(ids.AsEnumerable().Reverse());
        (await desk.Experiments.List(new(), false, null, 100)).Count.ShouldBe(8);
        (await desk.Experiments.List(new(Desk.Owner, Name: "one"), false, null, 1)).Single().Id.ShouldBe(ids[^1]);
        (await desk.Experiments.List(new(Desk.Owner), true, null, 3)).Select(view => view.Id).ShouldBe(ids.Take(3));
    }
}
