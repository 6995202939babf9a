using KdRobust.Domain.Jobs;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Sweeps;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Persistence.Tests.Sweeps;

public sealed class SweepStoreTests
{
    // Everything of a job row but what tells two rows of the same job apart.
    const string Rows =
        """
        SELECT coalesce(string_agg((to_jsonb(job) - '{id,seq,owner,created_at,not_before,lane,turn,waits_since}'::text[])::text
            || (SELECT coalesce(jsonb_agg(jsonb_build_array(d.role, d.output, parent.fingerprint) ORDER BY d.role), '[]') FROM job_dependency d JOIN job parent ON parent.id = d.parent_id WHERE d.job_id = job.id)::text
            || (SELECT jsonb_agg(to_jsonb(e) - '{id,job_id,at}'::text[] ORDER BY e.id) FROM job_event e WHERE e.job_id = job.id)::text, E'\n' ORDER BY job.seq), '')
        FROM job WHERE owner = '{owner}'
        """;

    const string Uses =
        """
        SELECT string_agg(e.spec_fingerprint || e.run_number || e.name || e.spec::text || use.key || use.ordinal || use.reused || job.fingerprint, E'\n' ORDER BY e.seq, use.ordinal)
        FROM experiment e JOIN experiment_job use ON use.experiment_id = e.id JOIN job ON job.id = use.job_id WHERE e.owner = '{owner}'
        """;

    static string Of(string sql, string owner) => sql.Replace("{owner}", owner, StringComparison.Ordinal);

    [PostgresFact]
    public async Task A_sweep_leaves_the_rows_that_its_points_would_leave_one_by_one()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var plan = SweepSpecs.Plan(SweepSpecs.Students(Specs.NewSeed(), 0.25, 0.5, 0.75));
        foreach (var point in plan.Points) await desk.Submit(point.Spec, owner: "one-by-one");
        var submitted = await new SweepStore(database.DataSource).Submit("at-once", plan, again: false);

        submitted.ShouldBe(new SweepSubmitted(submitted.Id, true, 0, 3, 3, 8, 0));
        (await database.Scalar<string>(Of(Rows, "at-once"))).ShouldBe(await database.Scalar<string>(Of(Rows, "one-by-one")));
        (await database.Scalar<string>(Of(Uses, "at-once"))).ShouldBe(await database.Scalar<string>(Of(Uses, "one-by-one")));
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE owner = 'at-once'")).ShouldBe(2 + 3 * 2, "teacher and labels are there once");
    }

    [PostgresFact]
    public async Task Shards_that_the_points_of_a_new_sweep_share_were_not_there_before()
    {
        await using var database = await MigratedDatabase.Create();
        var sweep = SweepSpecs.Students(Specs.NewSeed(), 0.25, 0.5);
        var submitted = await new SweepStore(database.DataSource).Submit(
            Desk.Owner, SweepSpecs.Plan(sweep with { Base = sweep.Base with { Compute = sweep.Base.Compute with { ShardImages = 768 } } }), again: false);
        submitted.ReusedJobs.ShouldBe(0);
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(1 + 3 + 1 + (2 * 2), "teacher, three shards of its labels and their merge are there once");
        (await database.Scalar<long>("SELECT count(*) FROM experiment_job")).ShouldBe(2 * 7, "and each point uses all of them");
    }

    [PostgresFact]
    public async Task The_same_sweep_twice_is_one_even_at_the_same_moment()
    {
        await using var database = await MigratedDatabase.Create();
        var sweeps = new SweepStore(database.DataSource);
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(Specs.NewSeed(), 0.1, 0.2, 0.3));
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => sweeps.Submit(Desk.Owner, plan, again: false)));
        answers.Select(answer => answer.Id).Distinct().ShouldHaveSingleItem();
        answers.Count(answer => answer.Created).ShouldBe(1);
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(3);
        (await sweeps.Submit("grace", plan, again: false)).Created.ShouldBeTrue("another owner's is another sweep");
    }

    [PostgresFact]
    public async Task Points_use_the_experiments_that_there_are_and_equal_points_share_one()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps, seed) = (new Desk(database), new SweepStore(database.DataSource), Specs.NewSeed());
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(seed, 0.1, 0.2, 0.2));
        var known = await desk.Submit(plan.Points[0].Spec);
        (await sweeps.Submit(Desk.Owner, plan, again: false)).Made.ShouldBe(1);
        var first = await sweeps.List(Desk.Owner, null, null, 10);
        var points = await sweeps.Points(first[0].Id, null, 10);
        points[0].Experiment.ShouldBe(known.Id);
        points[1].Experiment.ShouldBe(points[2].Experiment);
        first[0].Rungs[0].Points[ExperimentState.Queued].ShouldBe(3, "every point counts");
        first[0].Jobs[JobState.Queued].ShouldBe(2, "every job counts once");

        // A wider sweep makes what is new in it.
        var wider = await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Rates(seed, 0.1, 0.2, 0.3)), again: false);
        (wider.Created, wider.Points, wider.Made).ShouldBe((true, 3, 1));
    }

    [PostgresFact]
    public async Task Again_computes_everything_anew_and_still_shares_what_points_have_in_common()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var plan = SweepSpecs.Plan(SweepSpecs.Students(Specs.NewSeed(), 0.25, 0.5));
        await sweeps.Submit(Desk.Owner, plan, again: false);
        await desk.Submit(plan.Points[0].Spec, again: true); // One point has a run more than the other.
        var before = await database.Scalar<long>("SELECT count(*) FROM job");
        var again = await sweeps.Submit(Desk.Owner, plan, again: true);
        (again.Created, again.RunNumber, again.Made, again.ReusedJobs).ShouldBe((true, 1, 2, 0));
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(before + 2 + 2 * 2);
        (await sweeps.Submit(Desk.Owner, plan, again: false)).Id.ShouldBe(again.Id);
    }

    [PostgresFact]
    public async Task Filling_up_makes_only_what_failed_and_keeps_the_rest()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(Specs.NewSeed(), 0.1, 0.2, 0.3));
        var sweep = (await sweeps.Submit(Desk.Owner, plan, again: false)).Id;
        await desk.Work();
        var failing = await desk.Claim();
        await desk.Jobs.Fail(failing.Lease, new JobFailure(FailureKind.Permanent, "no", ""));
        await desk.Work();
        var before = await sweeps.Points(sweep, null, 10);
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Failed);
        before.Select(point => point.State).ShouldBe([ExperimentState.Succeeded, ExperimentState.Failed, ExperimentState.Succeeded]);

        var filled = await sweeps.Submit(Desk.Owner, plan, again: false);
        filled.ShouldBe(new SweepSubmitted(sweep, false, 0, 3, 1, 1, 0));
        var after = await sweeps.Points(sweep, null, 10);
        after.Select(point => point.State).ShouldBe([ExperimentState.Succeeded, ExperimentState.Queued, ExperimentState.Succeeded]);
        after[0].Experiment.ShouldBe(before[0].Experiment);
        after[1].Experiment.ShouldNotBe(before[1].Experiment);
        await desk.Work();
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Succeeded);
        (await sweeps.Submit(Desk.Owner, plan, again: false)).Made.ShouldBe(0);
    }

    [PostgresFact]
    public async Task Cancelled_as_one_and_resumed_it_keeps_what_it_had()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(Specs.NewSeed(), 0.1, 0.2, 0.3, 0.4));
        var sweep = (await sweeps.Submit(Desk.Owner, plan, again: false)).Id;
        await desk.Work();
        var running = await desk.Claim();

        (await sweeps.Cancel(sweep, "grace", "grace")).Found.ShouldBeFalse();
        (await sweeps.Cancel(sweep, Desk.Owner, "ada")).ShouldBe(new SweepCancellation(true, false, 3, 0, 3));
        (await desk.Jobs.Heartbeat(running.Lease)).ShouldBe(HeartbeatReply.Cancel);
        (await desk.TryClaim()).ShouldBeNull();
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Cancelled);
        (await sweeps.Cancel(sweep, Desk.Owner, "ada")).AlreadyEnded.ShouldBeTrue();
        await desk.Jobs.Complete(running.Lease, Desk.TrainResult);

        var resumed = await sweeps.Fill(sweep);
        resumed.Made.ShouldBe(3);
        (await sweeps.Points(sweep, null, 10)).Select(point => point.State).ShouldBe([ExperimentState.Succeeded, ExperimentState.Queued, ExperimentState.Queued, ExperimentState.Queued]);
        for (var i = 0; i < 3; i++) await desk.Work();
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Succeeded);
        (await sweeps.Cancel(sweep, Desk.Owner, "ada")).AlreadyEnded.ShouldBeTrue("what has ended keeps its state");
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Succeeded);
    }

    [PostgresFact]
    public async Task Cancelling_leaves_what_another_sweep_or_a_person_asked_for()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps, seed) = (new Desk(database), new SweepStore(database.DataSource), Specs.NewSeed());
        var plan = SweepSpecs.Plan(SweepSpecs.Students(seed, 0.1, 0.2, 0.3));
        var sweep = (await sweeps.Submit(Desk.Owner, plan, again: false)).Id;
        var other = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Students(seed, 0.2)), again: false)).Id;
        (await desk.Submit(plan.Points[2].Spec)).Created.ShouldBeFalse("the sweep has made it; now it is a person's too");

        var done = await sweeps.Cancel(sweep, Desk.Owner, "ada");
        (done.Experiments, done.Kept, done.Jobs).ShouldBe((1, 2, 2), "a student and its attack; the teacher and the labels go on for the others");
        (await sweeps.Points(sweep, null, 10)).Select(point => point.State).ShouldBe([ExperimentState.Cancelled, ExperimentState.Queued, ExperimentState.Queued]);
        (await sweeps.Find(other, null))!.State.ShouldBe(ExperimentState.Queued);

        (await sweeps.Cancel(other, Desk.Owner, "ada")).Experiments.ShouldBe(1, "nobody wants it any more");
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state NOT IN ('Cancelled')")).ShouldBe(4);
    }

    [PostgresFact]
    public async Task A_missing_file_stores_nothing_of_a_sweep()
    {
        await using var database = await MigratedDatabase.Create();
        var sweeps = new SweepStore(database.DataSource);
        var rates = SweepSpecs.Rates(Specs.NewSeed(), 1, 2);
        var plan = SweepSpecs.Plan(rates with
        {
            Base = Specs.Import(Specs.NewSeed(), new string('a', 64)),
            Space = new GridSpaceSpec { Axes = new Dictionary<string, GridAxisSpec> { ["seed"] = new() { Paths = ["seed"], Values = ((GridSpaceSpec)rates.Space).Axes["x"].Values } } },
        });
        (await Should.ThrowAsync<ModelFilesMissingException>(() => sweeps.Submit(Desk.Owner, plan, again: false))).Sha256.ShouldBe([new string('a', 64)]);
        (await database.Scalar<long>("SELECT (SELECT count(*) FROM sweep) + (SELECT count(*) FROM experiment) + (SELECT count(*) FROM job)")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task Thousands_of_jobs_wake_the_workers_with_a_few_notifications()
    {
        await using var database = await MigratedDatabase.Create();
        await using var ears = await database.DataSource.OpenConnectionAsync();
        var heard = new List<string>();
        ears.Notification += (_, note) => heard.Add(note.Channel);
        await using (var listen = new NpgsqlCommand("LISTEN kdr_ready; LISTEN kdr_job; LISTEN kdr_experiment; LISTEN kdr_sweep", ears)) await listen.ExecuteNonQueryAsync();
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(Specs.NewSeed(), [.. Enumerable.Range(1, 2500).Select(n => n * 1e-5)]));
        await new SweepStore(database.DataSource).Submit(Desk.Owner, plan, again: false);
        while (!heard.Contains("kdr_sweep")) await ears.WaitAsync();
        heard.Distinct().Order().ShouldBe(["kdr_ready", "kdr_sweep"]);
        heard.Count.ShouldBeLessThan(10);
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued'")).ShouldBe(2500);
        (await database.Scalar<long>("SELECT count(*) FROM job_event")).ShouldBe(2500, "the history of each is whole");
        (await database.Scalar<bool>("SELECT bool_and(seq_order = x_order) FROM (SELECT row_number() OVER (ORDER BY job.seq) AS seq_order, p.ordinal + 1 AS x_order FROM job JOIN experiment_job use ON use.job_id = job.id JOIN sweep_point p ON p.experiment_id = use.experiment_id) o"))
            .ShouldBeTrue("jobs stand in the order of the points");
    }
}
