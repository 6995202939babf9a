using KdRobust.Persistence.Schedules;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Schedules;

public sealed class ScheduleStoreTests
{
    static readonly DateTimeOffset Due = new(2026, 11, 27, 3, 0, 0, TimeSpan.Zero);

    [PostgresFact]
    public async Task Each_due_time_is_submitted_once_however_many_replicas_fire_it()
    {
        await using var database = await MigratedDatabase.Create();
        var (desk, store) = (new Desk(database), new ScheduleStore(database.DataSource));
        var schedule = await Add(store);
        var fired = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => store.Fire(schedule.Id, Due, $"api-{i}")));
        fired.Count(one => one.Outcome == FireOutcome.Submitted).ShouldBe(1);
        fired.Count(one => one.Outcome == FireOutcome.FiredBefore).ShouldBe(7);
        (await store.Fire(schedule.Id, Due.AddDays(1), "api-1")).Outcome.ShouldBe(FireOutcome.Submitted);
        (await database.Scalar<string>("SELECT string_agg(run_number::text, ',' ORDER BY seq) FROM experiment"))
            .ShouldBe($"{ScheduleStore.RunNumber(Due)},{ScheduleStore.RunNumber(Due.AddDays(1))}");
        (await database.Scalar<long>("SELECT count(*) FROM job")).ShouldBe(2, "a firing computes anew");
        (await store.Find(schedule.Id, null))!.Last.ShouldNotBeNull().DueAt.ShouldBe(Due.AddDays(1));
        await desk.Work();
    }

    [PostgresFact]
    public async Task A_paused_or_removed_schedule_fires_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        var store = new ScheduleStore(database.DataSource);
        var schedule = await Add(store);
        (await store.SetEnabled(schedule.Id, "bob", false)).ShouldBeFalse("it is not his");
        (await store.SetEnabled(schedule.Id, "ada", false)).ShouldBeTrue();
        (await store.Fire(schedule.Id, Due, "api")).Outcome.ShouldBe(FireOutcome.NotActive);
        (await store.SetEnabled(schedule.Id, null, true)).ShouldBeTrue();
        (await store.Fire(schedule.Id, Due, "api")).Outcome.ShouldBe(FireOutcome.Submitted);
        (await store.Remove(schedule.Id, "ada")).ShouldBeTrue();
        (await store.Fire(schedule.Id, Due.AddDays(1), "api")).Outcome.ShouldBe(FireOutcome.NotActive);
        (await database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(1, "what it made stays");
    }

    [PostgresFact]
    public async Task Names_are_an_owners_own()
    {
        await using var database = await MigratedDatabase.Create();
        var store = new ScheduleStore(database.DataSource);
        await Add(store);
        await Add(store, "bob");
        await Should.ThrowAsync<ScheduleExistsException>(() => Add(store));
        (await store.List("ada")).Count.ShouldBe(1);
        (await store.List(null)).Count.ShouldBe(2);
    }

    [PostgresFact]
    public async Task A_firing_that_cannot_be_submitted_says_why_and_is_not_tried_again()
    {
        await using var database = await MigratedDatabase.Create();
        var store = new ScheduleStore(database.DataSource);
        var missing = await store.Add(new NewSchedule("ada", "import", "0 0 3 * * ?", "UTC", MissedFirings.Once, Specs.Import(1, new string('a', 64))));
        var (outcome, experiment, problem) = await store.Fire(missing.Id, Due, "api");
        (outcome, experiment).ShouldBe((FireOutcome.Refused, null));
        problem.ShouldNotBeNull().ShouldContain("not uploaded");
        (await store.Fire(missing.Id, Due, "api")).Outcome.ShouldBe(FireOutcome.FiredBefore);

        var stale = await Add(store);
        await database.Execute($"UPDATE schedule SET spec = json_build_object('name', 'old') WHERE id = '{stale.Id}'");
        (await store.Fire(stale.Id, Due, "api")).Problem.ShouldNotBeNull().ShouldContain("refuses the stored spec");
        (await database.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(0);
        (await store.Firings(stale.Id, 10)).ShouldHaveSingleItem().Problem.ShouldNotBeNull();
    }

    static Task<ScheduleView> Add(ScheduleStore store, string owner = "ada") =>
        store.Add(new NewSchedule(owner, "nightly", "0 0 3 * * ?", "Europe/Berlin", MissedFirings.Once, Specs.OneJob(7)));
}
