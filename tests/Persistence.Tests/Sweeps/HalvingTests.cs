using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Sweeps;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Sweeps;

public sealed class HalvingTests
{
    /// <summary>Works off every job; the accuracy, and the last of two monitored ones, grow with the rate.</summary>
    static async Task WorkAll(Desk desk, Func<double, double>? accuracy = null, Func<double, bool>? fails = null)
    {
        while (await desk.TryClaim() is { } job)
        {
            var rate = job.Payload is TrainPayload train ? train.Training.Optimizer.LearningRate : await RateOf(desk, job);
            if (fails?.Invoke(rate) == true && job.Payload is SmoothingEvalPayload)
            {
                await desk.Jobs.Fail(job.Lease, new JobFailure(FailureKind.Permanent, "no", ""));
                continue;
            }
            var right = (int)Math.Round((accuracy ?? (r => r * 1000))(rate));
            if (job.Payload is TrainPayload)
                await desk.Metrics.Append(job.Lease, [new MetricPoint(0, MetricSeries.TrainLoss, 1, 1, 99 - right), new MetricPoint(1, MetricSeries.TrainLoss, 2, 2, right)]);
            await desk.StoreOutputs(job);
            JobResult result = job.Payload is SmoothingEvalPayload
                ? new SmoothingEvalResult { Seconds = 1, Provenance = Desk.Provenance, Count = new AggregatedCount(100, 4, 4, [new(Aggregation.Votes, ImageSet.FirstOf(right, 100), null)]) }
                : Desk.ResultOf(job);
            (await desk.Jobs.Complete(job.Lease, result)).ShouldBe(CompleteOutcome.Succeeded);
        }
    }

    static async Task<double> RateOf(Desk desk, ClaimedJob evaluation) =>
        await desk.Database.Scalar<double>($"SELECT (parent.payload -> 'training' -> 'optimizer' ->> 'learningRate')::float8 FROM job_dependency d JOIN job parent ON parent.id = d.parent_id WHERE d.job_id = '{evaluation.Lease.JobId}'");

    static async Task<List<(int Rung, int Ordinal, double? Score)>> Points(SweepStore sweeps, Guid sweep) =>
        [.. (await sweeps.Points(sweep, null, 100)).Select(point => (point.Rung, point.Ordinal, point.Score))];

    [PostgresFact]
    public async Task The_best_of_each_rung_go_on_with_more_epochs_until_the_last_is_done()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var sweep = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 5)), again: false)).Id;
        (await sweeps.DecideRungs()).ShouldBe(0, "nothing has ended yet");
        await WorkAll(desk);
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Running, "somebody has to decide");
        (await sweeps.DecideRungs()).ShouldBe(1);
        (await sweeps.DecideRungs()).ShouldBe(0);
        (await Points(sweeps, sweep)).ShouldBe([(0, 0, 0.01), (0, 1, 0.02), (0, 2, 0.03), (0, 3, 0.04), (0, 4, 0.05), (1, 3, null), (1, 4, null)]);
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued' AND (payload -> 'training' ->> 'epochs')::int = 18")).ShouldBe(2);

        await WorkAll(desk);
        await sweeps.DecideRungs();
        await WorkAll(desk);
        (await sweeps.DecideRungs()).ShouldBe(1, "the last rung's scores are taken down too");
        var view = (await sweeps.Find(sweep, null))!;
        view.State.ShouldBe(ExperimentState.Succeeded);
        view.Rungs.Select(rung => rung.Points[ExperimentState.Succeeded]).ShouldBe([5, 2, 1]);
        var table = (await sweeps.Table(sweep, Desk.Owner, null))!;
        table.Rows.Select(row => (row.Point, row.Epochs, row.Score)).ShouldBe([(4, 36, 0.05), (3, 18, 0.04), (2, 9, 0.03), (1, 9, 0.02), (0, 9, 0.01)]);
        table.Rows[0].Results[0]!.Correct.ShouldBe(5);
    }

    [PostgresFact]
    public async Task What_goes_on_is_the_experiment_that_a_person_would_submit()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var spec = SweepSpecs.Halved(Specs.NewSeed(), 2, rungs: [9, 18]);
        var plan = SweepSpecs.Plan(spec);
        var sweep = (await sweeps.Submit(Desk.Owner, plan, again: false)).Id;
        await WorkAll(desk);
        await sweeps.DecideRungs();
        var winner = (await sweeps.Points(sweep, (0, 1), 10)).ShouldHaveSingleItem();
        var alone = SweepPlan.Of(spec, 1, [plan.Points[1].Point]).Plan!.Points[0].Spec;
        (await desk.Submit(alone)).ShouldBe(new Submitted(winner.Experiment, false, 0, 2, 0));
    }

    [PostgresFact]
    public async Task Two_deciders_at_once_decide_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var stores = Enumerable.Range(0, 4).Select(_ => new SweepStore(database.DataSource)).ToList();
        for (var round = 0; round < 5; round++)
        {
            var sweep = (await stores[0].Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 6, rungs: [9, 18])), again: false)).Id;
            await WorkAll(desk);
            (await Task.WhenAll(stores.Select(store => Task.Run(() => store.DecideRungs())))).Sum().ShouldBe(1);
            (await Points(stores[0], sweep)).Where(point => point.Rung == 1).Select(point => point.Ordinal).ShouldBe([3, 4, 5]);
            (await database.Scalar<long>($"SELECT count(*) FROM experiment e JOIN sweep_point p ON p.experiment_id = e.id WHERE p.sweep_id = '{sweep}'")).ShouldBe(9);
            await WorkAll(desk);
            await stores[0].DecideRungs();
        }
    }

    [PostgresFact]
    public async Task A_decider_that_dies_in_the_middle_has_decided_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var sweep = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 4, rungs: [9, 18])), again: false)).Id;
        await WorkAll(desk);
        // It is cut off at the very last statement, when everything else of the rung is written.
        await database.Execute("CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$; CREATE TRIGGER die BEFORE UPDATE OF open_rung ON sweep FOR EACH ROW EXECUTE FUNCTION die()");
        await Should.ThrowAsync<Npgsql.NpgsqlException>(() => sweeps.DecideRungs());
        (await database.Scalar<long>("SELECT count(*) FROM sweep_point WHERE rung = 1")).ShouldBe(0);
        (await database.Scalar<long>("SELECT count(*) FROM job WHERE state = 'Queued'")).ShouldBe(0);
        await database.Execute("DROP TRIGGER die ON sweep");
        (await new SweepStore(database.DataSource).DecideRungs()).ShouldBe(1);
        (await Points(sweeps, sweep)).Where(point => point.Rung == 1).Select(point => point.Ordinal).ShouldBe([2, 3]);
    }

    [PostgresFact]
    public async Task A_metric_at_its_latest_epoch_decides_and_less_may_be_better()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var spec = SweepSpecs.Halved(Specs.NewSeed(), 4, rungs: [9, 18], by: new MetricScoreSpec { Model = "cni", Series = MetricSeries.TrainLoss }, goal: ScoreGoal.Minimize);
        var sweep = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(spec), again: false)).Id;
        await WorkAll(desk);
        await sweeps.DecideRungs();
        (await Points(sweeps, sweep)).ShouldBe([(0, 0, 1), (0, 1, 2), (0, 2, 3), (0, 3, 4), (1, 0, null), (1, 1, null)]);
    }

    [PostgresFact]
    public async Task A_point_that_failed_has_lost_and_a_rung_that_failed_whole_waits_for_a_retry()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var sweep = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 4, rungs: [9, 18])), again: false)).Id;
        await WorkAll(desk, fails: rate => rate > 0.0015);
        await sweeps.DecideRungs();
        (await Points(sweeps, sweep)).ShouldBe([(0, 0, 0.01), (0, 1, null), (0, 2, null), (0, 3, null), (1, 0, null)]);

        await WorkAll(desk, fails: _ => true);
        await sweeps.DecideRungs();
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Failed);
        (await sweeps.DecideRungs()).ShouldBe(0);
        (await sweeps.Fill(sweep)).Made.ShouldBe(1, "only the newest rung: the decision before it stands");
        await WorkAll(desk);
        await sweeps.DecideRungs();
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Succeeded);
    }

    [PostgresFact]
    public async Task A_cancelled_halving_makes_no_further_rung_until_it_is_resumed()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var sweep = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 4, rungs: [9, 18])), again: false)).Id;
        await WorkAll(desk);
        (await sweeps.Cancel(sweep, Desk.Owner, "ada")).AlreadyEnded.ShouldBeFalse("its next rung is still to come");
        (await sweeps.DecideRungs()).ShouldBe(0);
        (await sweeps.Find(sweep, null))!.State.ShouldBe(ExperimentState.Cancelled);
        (await sweeps.Fill(sweep)).Made.ShouldBe(0, "its points are all there");
        (await sweeps.DecideRungs()).ShouldBe(1);
        (await Points(sweeps, sweep)).Count(point => point.Rung == 1).ShouldBe(2);
    }

    [PostgresFact]
    public async Task A_sweep_that_this_build_cannot_plan_does_not_hold_up_the_others()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, sweeps) = (new Desk(database), new SweepStore(database.DataSource));
        var broken = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 2, rungs: [9, 18])), again: false)).Id;
        var whole = (await sweeps.Submit(Desk.Owner, SweepSpecs.Plan(SweepSpecs.Halved(Specs.NewSeed(), 2, rungs: [9, 18])), again: false)).Id;
        await WorkAll(desk);
        await database.Execute($"UPDATE sweep SET spec = replace(spec::text, '[9,18]', '[9,999999]')::json WHERE id = '{broken}'");
        (await sweeps.DecideRungs()).ShouldBe(1);
        (await Points(sweeps, whole)).Count.ShouldBe(3);
        var view = (await sweeps.Find(broken, null))!;
        view.State.ShouldBe(ExperimentState.Failed);
        view.Trouble!.ShouldContain("$.base.models.cni.weights.epochs");
    }
}
