using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdRobust.Persistence.Tests.Schema;

/// <summary>A database as the previous version left it, with data in every table, goes on under this one.</summary>
public sealed class UpgradeTests
{
    const string Previous = "20261127145151_ModelFiles";
    static readonly string Key = "kdr_" + new string('a', 43);
    static readonly Guid Done = new("00000000-0000-0000-0000-000000000001"), Running = new("00000000-0000-0000-0000-000000000002"), Waiting = new("00000000-0000-0000-0000-000000000003");
    static readonly Guid Experiment = new("00000000-0000-0000-0000-00000000000e");

    [PostgresFact]
    public async Task Everything_the_previous_version_stored_is_there_and_goes_on()
    {
        await using var database = await Upgraded();
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        (await desk.Experiments.Jobs(Experiment)).Select(use => (use.Key, use.Job.State)).ShouldBe(
            [("train/a", JobState.Succeeded), ("train/b", JobState.Running), ("eval/c", JobState.Blocked)]);
        (await desk.Metrics.Series(Done))[MetricSeries.TrainLoss].Select(point => point.Value).ShouldBe([1, 0.5, 0.25]);
        (await new ApiKeyStore(database.DataSource).Find(Key)).ShouldNotBeNull().Owner.ShouldBe("ada");

        // The job that ran during the upgrade: its worker is gone, so the reaper takes it, and it ends.
        await desk.Expire(Running);
        (await desk.Jobs.Sweep()).Requeued.ShouldBe(1);
        (await desk.Work("w2")).Lease.JobId.ShouldBe(Running);
        (await desk.StateOf(Waiting)).ShouldBe(JobState.Queued);
    }

    [PostgresFact]
    public async Task History_of_jobs_keeps_every_line_and_its_order_in_the_partitions_of_its_months()
    {
        await using var database = await Upgraded();
        var desk = new Desk(database, new LeaseSettings { Lease = TimeSpan.FromSeconds(1) });
        (await desk.Jobs.Events(Done)).Select(line => line.To).ShouldBe([JobState.Queued, JobState.Running, JobState.Succeeded]);
        (await database.Scalar<string>("SELECT string_agg(tableoid::regclass::text, ',' ORDER BY id) FROM job_event WHERE job_id = '" + Done + "'"))
            .ShouldBe("job_event_2026_01,job_event_2026_01,job_event_2026_02");
        var last = await database.Scalar<long>("SELECT max(id) FROM job_event");
        await desk.Expire(Running);
        await desk.Jobs.Sweep();
        (await desk.Jobs.Events(Running)).Last().Id.ShouldBeGreaterThan(last, "cursors of readers go on");
    }

    [PostgresTheory]
    [InlineData("UPDATE job_event SET reason = 'x'")]
    [InlineData("DELETE FROM job_event")]
    [InlineData("DELETE FROM job_event_2026_01")]
    [InlineData("TRUNCATE job_event")]
    [InlineData("TRUNCATE job_event_2026_01")]
    [InlineData("TRUNCATE job_event_rest")]
    public async Task History_of_jobs_is_append_only_in_every_partition(string statement)
    {
        await using var database = await Upgraded();
        (await Should.ThrowAsync<Npgsql.PostgresException>(() => database.Execute(statement))).ConstraintName.ShouldBe("job_event_append_only");
    }

    [PostgresFact]
    public async Task A_program_older_than_the_database_says_so_and_changes_nothing()
    {
        await using var database = await MigratedDatabase.Create();
        await database.Execute("""INSERT INTO "__EFMigrationsHistory" VALUES ('20991231000000_Future', '10.0.0')""");
        (await Should.ThrowAsync<NewerDatabaseException>(() => Database.Migrate(database.DataSource))).Message.ShouldContain("20991231000000_Future");
        (await Should.ThrowAsync<NewerDatabaseException>(() => Database.IsMigrated(database.DataSource))).Message.ShouldContain("newer version");
    }

    static async Task<TestDatabase> Upgraded()
    {
        var database = await (await PostgresCluster.Shared).CreateDatabase();
        await using (var context = KdRobustContext.Over(database.DataSource))
            await context.GetService<IMigrator>().MigrateAsync(Previous);
        await database.Execute(Dump());
        var applied = await Database.Migrate(database.DataSource);
        applied.ShouldBe(Database.Migrations.SkipWhile(migration => migration != Previous).Skip(1));
        return database;
    }

    /// <summary>Rows as the previous version wrote them, over its own triggers.</summary>
    static string Dump()
    {
        string Job(Guid id, string kind, string key, int waits) =>
            $"""
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            VALUES ('{id}', 'ada', '{kind}', '{key}', 'f-{key}', '{PayloadText}'::jsonb, 1, 'cpu', 0, '{(waits == 0 ? "Queued" : "Blocked")}', 'submitted', {waits}, 0, 0, 3, 0);
            INSERT INTO experiment_job (experiment_id, key, job_id, ordinal, reused) VALUES ('{Experiment}', '{key}', '{id}', (SELECT count(*) FROM experiment_job), false);
            """;
        string Claim(Guid id) => $"UPDATE job SET state = 'Running', reason = 'claimed', fence = 1, attempt = 1, worker = 'w1', lease_until = clock_timestamp() + interval '1 h', heartbeat_at = clock_timestamp() WHERE id = '{id}';";
        var result = System.Text.Json.JsonSerializer.Serialize<JobResult>(Desk.TrainResult, KdRobust.Domain.Experiments.SpecJson.Options).Replace("'", "''", StringComparison.Ordinal);
        return
            $"""
            INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) VALUES ('{Experiment}', 'ada', 'old', 'Old', '{SpecText}'::json, 'f', 0);
            {Job(Done, "train", "train/a", 0)}
            {Job(Running, "train", "train/b", 0)}
            {Job(Waiting, "train", "eval/c", 1)}
            INSERT INTO job_dependency (job_id, role, parent_id, output) VALUES ('{Waiting}', 'teacher', '{Running}', 'weights');
            {Claim(Done)}
            INSERT INTO metric (job_id, fence, attempt, ordinal, series, epoch, step, value)
                SELECT '{Done}', 1, 1, i, 'train/loss', i, i, 1.0 / (1 << i) FROM generate_series(0, 2) i;
            INSERT INTO chunk (sha256, content) VALUES (sha256('abc'), 'abc');
            INSERT INTO checkpoint (id, job_id, fence, role, name, epoch, step, bytes, sha256) VALUES ('{Done}', '{Done}', 1, 'Output', 'weights', 2, 0, 3, encode(sha256('abc'), 'hex'));
            INSERT INTO checkpoint_chunk (checkpoint_id, ordinal, sha256, length) VALUES ('{Done}', 0, sha256('abc'), 3);
            UPDATE job SET state = 'Succeeded', reason = 'completed', lease_until = NULL, finished_at = clock_timestamp(), result = '{result}'::jsonb WHERE id = '{Done}';
            {Claim(Running)}
            INSERT INTO worker (name, host, process_id, device, cores, build) VALUES ('w1', 'h', 1, 'cpu', 1, 'old');
            INSERT INTO model_file (id, owner, sha256, name, bytes) VALUES ('{Done}', 'ada', encode(sha256('abc'), 'hex'), 'w.pt', 3);
            INSERT INTO model_file_chunk (model_file_id, ordinal, sha256, length) VALUES ('{Done}', 0, sha256('abc'), 3);
            INSERT INTO api_key (id, hash, owner, role, label) VALUES ('{Done}', sha256('{Key}'), 'ada', 'Submitter', 'test');
            -- Two months of history, as if the first job had run over the turn of a month.
            ALTER TABLE job_event DISABLE TRIGGER job_event_append_only;
            UPDATE job_event SET at = '2026-01-31 12:00Z' WHERE job_id = '{Done}' AND to_state <> 'Succeeded';
            UPDATE job_event SET at = '2026-02-01 12:00Z' WHERE job_id = '{Done}' AND to_state = 'Succeeded';
            ALTER TABLE job_event ENABLE TRIGGER job_event_append_only;
            """;
    }

    static string SpecText { get; } = System.Text.Json.JsonSerializer.Serialize(Specs.OneJob(1), KdRobust.Domain.Experiments.SpecJson.Options).Replace("'", "''", StringComparison.Ordinal);

    static string PayloadText { get; } =
        System.Text.Json.JsonSerializer.Serialize(KdRobust.Domain.Plans.ExperimentPlan.Of(Specs.OneJob(1)).Jobs[0].Payload, KdRobust.Domain.Experiments.SpecJson.Options).Replace("'", "''", StringComparison.Ordinal);
}
