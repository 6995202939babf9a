using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Jobs;

/// <summary>Who goes first.</summary>
public sealed class TurnTests
{
    [PostgresFact]
    public async Task Priority_can_be_changed_while_a_job_waits_and_is_kept_in_its_history()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var first = await desk.SubmitOneJob("first");
        var second = await desk.SubmitOneJob("second");
        var third = await desk.SubmitOneJob("third");
        (await desk.Jobs.SetPriority(third, 9, "ada")).Kind.ShouldBe(RequestKind.Done);
        (await desk.Jobs.SetPriority(first, -1, "ada")).Kind.ShouldBe(RequestKind.Done);
        (await desk.Jobs.Events(third))[^1].Reason.ShouldBe("priority 0 became 9, by ada");
        (await desk.Claim()).Lease.JobId.ShouldBe(third);
        (await desk.Claim()).Lease.JobId.ShouldBe(second);
        (await desk.Jobs.SetPriority(third, 1, "ada")).Kind.ShouldBe(RequestKind.NotInThisState);
        (await desk.Claim()).Lease.JobId.ShouldBe(first);
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => desk.Jobs.SetPriority(third, JobPriority.Highest + 1, "ada"));
    }

    [PostgresFact]
    public async Task Whole_experiment_goes_first()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        var urgent = await desk.Submit(Specs.Diamond(Specs.NewSeed()));
        (await desk.Jobs.SetExperimentPriority(urgent.Id, Desk.Owner, 5, "ada")).Jobs.Count(job => job.Outcome.Kind == RequestKind.Done).ShouldBe(4);
        var mine = (await desk.Experiments.Jobs(urgent.Id)).Select(job => job.Job.Id).ToList();
        for (var i = 0; i < 4; i++)
            (await desk.Work()).Lease.JobId.ShouldBeOneOf([.. mine]);
    }

    [PostgresFact]
    public async Task Waiting_moves_a_job_up_one_point_in_ten_minutes()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var low = await desk.SubmitOneJob("low");
        var high = await desk.SubmitOneJob("high");
        await desk.Jobs.SetPriority(high, 6, "ada");
        await WaitedFor(database, low, 6 * JobPriority.Aging - TimeSpan.FromMinutes(1));
        (await desk.Claim()).Lease.JobId.ShouldBe(high, "an hour less a minute is not six points");

        var next = await desk.SubmitOneJob("next");
        await desk.Jobs.SetPriority(next, 6, "ada");
        await WaitedFor(database, low, 6 * JobPriority.Aging + TimeSpan.FromMinutes(1));
        (await desk.Claim()).Lease.JobId.ShouldBe(low);
    }

    [PostgresFact]
    public async Task Equal_priority_is_first_come_first_served_and_a_failure_keeps_the_place()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var jobs = new List<Guid>();
        for (var i = 0; i < 5; i++)
            jobs.Add(await desk.SubmitOneJob());
        (await desk.Jobs.Fail((await desk.Claim()).Lease, new JobFailure(FailureKind.Transient, "weather", ""))).ShouldBe(FailOutcome.WillRetry);
        await desk.PassWaits();
        foreach (var job in jobs)
            (await desk.Claim()).Lease.JobId.ShouldBe(job);
    }

    [PostgresFact]
    public async Task Time_in_which_a_job_was_paused_is_no_waiting()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        var paused = await desk.SubmitOneJob();
        await desk.Jobs.Pause(paused, "ada");
        await database.Execute("SET session_replication_role = replica; UPDATE job SET paused_at = paused_at - interval '3 days', waits_since = waits_since - interval '3 days'; SET session_replication_role = origin");
        var other = await desk.SubmitOneJob();
        await desk.Jobs.SetPriority(other, 1, "ada");
        await desk.Jobs.Resume(paused, "ada");
        (await desk.Claim()).Lease.JobId.ShouldBe(other);
    }

    [PostgresFact]
    public async Task Turns_hold_across_jobs_that_ask_for_different_things_and_claimers_at_once()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        // Three lanes, interleaved.
        for (var i = 0; i < 24; i++)
            await desk.Jobs.SetPriority(await desk.SubmitOneJob(threads: 1 + (i % 3)), i % 4, "ada");
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(async worker =>
        {
            var mine = new List<int>();
            while (await desk.TryClaim($"w{worker}") is { } job)
                mine.Add((await desk.Job(job.Lease.JobId)).Priority);
            return mine;
        }));
        taken.Sum(mine => mine.Count).ShouldBe(24);
        taken.ShouldAllBe(mine => mine.SequenceEqual(mine.OrderDescending()), "nobody was given a lower one before a higher one");
    }

    [PostgresFact]
    public async Task Claim_looks_at_a_handful_of_rows_whatever_has_ended_and_whatever_waits_behind_a_quota()
    {
        await using var database = await MigratedDatabase.Create();
        var desk = new Desk(database);
        await desk.SubmitOneJob();
        await database.Execute(
            """
            SET session_replication_role = replica;
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count, finished_at, failure, lane)
            SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN 'bob' ELSE 'ada' END, kind, name, 'f' || n, '{}', 1, 'cpu', 0, CASE WHEN n % 2 = 0 THEN 'Queued' ELSE 'Failed' END,
                'x', 0, 0, 0, 5, 0, CASE WHEN n % 2 = 1 THEN now() END, CASE WHEN n % 2 = 1 THEN '{}'::jsonb END, CASE WHEN n % 2 = 0 THEN gen.lane ELSE job.lane END
            FROM job, generate_series(1, 40000) n, (SELECT gen_random_uuid() AS lane) gen;
            UPDATE job SET turn = now() - interval '1 day' WHERE owner = 'bob';
            SET session_replication_role = origin;
            ANALYZE job
            """);
        await new QuotaStore(database.DataSource).Set("bob", Domain.Experiments.DeviceKind.Cpu, 0, "root");
        var before = await Touched(database);
        (await desk.TryClaim()).ShouldNotBeNull();
        (await Touched(database) - before).ShouldBeLessThan(200, "20,000 jobs of an owner without quota wait before it, 20,000 have ended");
    }

    // Index entries read and rows read one after the other, of the table of jobs.
    static async Task<long> Touched(TestDatabase database)
    {
        await database.Execute("SELECT pg_stat_force_next_flush()");
        return await database.Scalar<long>(
            "SELECT (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'job')::bigint + (SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'job')");
    }

    static Task WaitedFor(TestDatabase database, Guid job, TimeSpan time) =>
        database.Execute($"UPDATE job SET waits_since = clock_timestamp() - interval '{(int)time.TotalSeconds} s' WHERE id = '{job}'");
}
