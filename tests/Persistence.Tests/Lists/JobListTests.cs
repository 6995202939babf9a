using System.Diagnostics;
using KdRobust.Persistence.Lists;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Lists;

public sealed class JobListTests
{
    const int Jobs = 20_000, PageSize = 20;

    [PostgresTheory]
    [InlineData(JobOrder.Newest)]
    [InlineData(JobOrder.Queue)]
    public async Task The_thousandth_page_costs_what_the_first_does(JobOrder order)
    {
        await using var database = await MigratedDatabase.Create();
        await database.Execute(
            $"""
            ALTER TABLE job DISABLE TRIGGER job_history;
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            SELECT gen_random_uuid(), 'ada', 'train', 'train ' || i, i::text, jsonb_build_object(), 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 3, 0 FROM generate_series(1, {Jobs}) i;
            ALTER TABLE job ENABLE TRIGGER job_history;
            """);
        await database.Execute("ANALYZE job");
        var list = new JobList(database.DataSource);
        var filter = new JobFilter("ada");
        var deep = (await list.Page(filter, order, null, Jobs - PageSize, default))[^1].Cursor;
        var (first, last) = (new List<double>(), new List<double>());
        for (var i = 0; i < 15; i++)
        {
            first.Add(await Seconds(() => list.Page(filter, order, null, PageSize)));
            last.Add(await Seconds(() => list.Page(filter, order, deep, PageSize)));
        }
        (await list.Page(filter, order, deep, PageSize + 1)).Count.ShouldBe(PageSize, "the last page");
        // A page that is counted off from the beginning costs a hundred times as much here.
        last.Order().ElementAt(7).ShouldBeLessThan(8 * first.Order().ElementAt(7));
    }

    static async Task<double> Seconds(Func<Task> action)
    {
        var begun = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}
