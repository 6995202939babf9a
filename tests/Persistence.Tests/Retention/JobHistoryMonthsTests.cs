using KdRobust.Persistence.Retention;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Retention;

public sealed class JobHistoryMonthsTests
{
    [PostgresFact]
    public async Task Partitions_of_this_and_the_next_three_months_are_there_and_are_made_again_when_missing()
    {
        await using var database = await MigratedDatabase.Create();
        var last = (await database.Scalar<string>("SELECT job_event_month_name((now() AT TIME ZONE 'UTC' + interval '3 months')::date)"))!;
        await database.Execute($"DROP TABLE {last}");
        (await Run(database, dryRun: true)).MonthsMade.ShouldBe([last]);
        (await Run(database)).MonthsMade.ShouldBe([last]);
        (await Run(database)).MonthsMade.ShouldBeEmpty();
    }

    [PostgresFact]
    public async Task Lines_of_a_month_without_a_partition_are_kept_and_move_when_it_is_made()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var month = (await database.Scalar<string>("SELECT job_event_month_name((now() AT TIME ZONE 'UTC')::date)"))!;
        await database.Execute($"DROP TABLE {month}");
        await desk.SubmitOneJob();
        var job = (await desk.Work()).Lease.JobId;
        var lines = await desk.Jobs.Events(job);
        (await database.Scalar<long>("SELECT count(*) FROM job_event_rest")).ShouldBe(3);
        (await Run(database)).MonthsMade.ShouldBe([month]);
        (await database.Scalar<long>("SELECT count(*) FROM job_event_rest")).ShouldBe(0);
        (await desk.Jobs.Events(job)).ShouldBe(lines);
        (await Should.ThrowAsync<Npgsql.PostgresException>(() => database.Execute("DELETE FROM job_event_rest; DELETE FROM job_event"))).ConstraintName.ShouldBe("job_event_append_only");
    }

    [PostgresFact]
    public async Task Months_older_than_configured_are_detached_and_stay_as_tables()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await database.Execute("SELECT job_event_make_month((now() - interval '5 months')::date), job_event_make_month((now() - interval '2 months')::date)");
        var job = await desk.SubmitOneJob();
        await database.Execute($"INSERT INTO job_event (job_id, to_state, fence, reason, at) VALUES ('{job}', 'Queued', 0, 'old', now() - interval '5 months')");
        var old = (await database.Scalar<string>("SELECT job_event_month_name((now() AT TIME ZONE 'UTC' - interval '5 months')::date)"))!;
        (await Run(database)).MonthsDetached.ShouldBeEmpty("nothing is detached unless it is asked for");
        (await Run(database, new RetentionSettings { HistoryMonths = 3 }, dryRun: true)).MonthsDetached.ShouldBe([old]);
        (await Run(database, new RetentionSettings { HistoryMonths = 3 })).MonthsDetached.ShouldBe([old]);
        (await database.Scalar<long>($"SELECT count(*) FROM {old}")).ShouldBe(1);
        (await desk.Jobs.Events(job)).Count.ShouldBe(1);
        (await Run(database, new RetentionSettings { HistoryMonths = 3 })).MonthsDetached.ShouldBeEmpty();
    }

    [Fact]
    public void Settings_that_make_no_sense_are_named() =>
        new RetentionSettings { StepMetricBuckets = 0, HistoryMonths = -1 }.Problems()
            .ShouldBe(["stepMetricBuckets is 0; expected 1 to 36500, or null", "historyMonths is -1; expected 1 to 36500, or null"]);

    static Task<RetentionReport> Run(TestDatabase database, RetentionSettings? settings = null, bool dryRun = false) =>
        MetricThinningTests.Chore(database).Run(settings ?? new RetentionSettings(), dryRun);
}
