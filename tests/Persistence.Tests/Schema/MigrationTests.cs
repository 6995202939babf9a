using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Sweeps;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace KdRobust.Persistence.Tests.Schema;

public sealed class MigrationTests
{
    [PostgresFact]
    public async Task Schema_comes_up_from_empty_goes_down_and_up_again()
    {
        await using var empty = await (await PostgresCluster.Shared).CreateDatabase();
        (await Database.IsMigrated(empty.DataSource)).ShouldBeFalse();
        (await Database.Migrate(empty.DataSource)).Count.ShouldBeGreaterThan(1);
        (await Database.IsMigrated(empty.DataSource)).ShouldBeTrue();
        (await Database.Migrate(empty.DataSource)).ShouldBeEmpty();

        await using var context = KdRobustContext.Over(empty.DataSource);
        await context.GetService<IMigrator>().MigrateAsync(Migration.InitialDatabase);
        (await empty.Scalar<long>("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'")).ShouldBe(0);
        (await Database.Migrate(empty.DataSource)).Count.ShouldBeGreaterThan(1);
    }

    [PostgresFact]
    public async Task Several_programs_may_migrate_at_the_same_time()
    {
        await using var empty = await (await PostgresCluster.Shared).CreateDatabase();
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Database.Migrate(empty.DataSource)));
        applied.Count(names => names.Count > 0).ShouldBe(1);
    }

    [PostgresFact]
    public async Task Checkpoints_stored_before_there_were_uploads_are_read_after_the_migration()
    {
        await using var old = await (await PostgresCluster.Shared).CreateDatabase();
        await using (var context = KdRobustContext.Over(old.DataSource))
            await context.GetService<IMigrator>().MigrateAsync("JobRules");
        var content = Desk.Bytes(3 << 20, 5);
        await old.Execute(
            $"""
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            VALUES ('{Guid.Empty}', 'ada', 'train', 'train cni', 'f', jsonb_build_object(), 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 3, 0);
            UPDATE job SET state = 'Running', fence = 1, lease_until = clock_timestamp() + interval '1 h', worker = 'w1' WHERE id = '{Guid.Empty}';
            """);
        var checkpoints = new CheckpointStore(old.DataSource);
        // Named as the program of then did: today's names more.
        var written = await checkpoints.Write(new MemoryStream(content));
        var stored = new CheckpointInfo(Guid.CreateVersion7(), CheckpointRole.Resume, "resume", 1, 0, written.Bytes, written.Sha256);
        await old.Execute($"INSERT INTO checkpoint (id, job_id, fence, role, name, epoch, step, bytes, sha256) VALUES ('{stored.Id}', '{Guid.Empty}', 1, 'Resume', 'resume', 1, 0, {stored.Bytes}, '{stored.Sha256}')");
        await using (var connection = await old.DataSource.OpenConnectionAsync())
            await ChunkStore.Name(connection, ChunkList.OfCheckpoint, stored.Id, written, default);

        (await Database.Migrate(old.DataSource)).ShouldContain("20261127145151_ModelFiles");
        using var read = new MemoryStream();
        await checkpoints.CopyTo(stored, read);
        read.ToArray().ShouldBe(content);
        (await new Desk(old).Upload(content)).Sha256.ShouldBe(stored.Sha256);
        (await old.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(2, "an upload of the same bytes uses the same chunks");
    }

    [PostgresFact]
    public async Task Jobs_of_before_there_were_turns_keep_their_order_and_come_back_with_their_parents()
    {
        await using var old = await (await PostgresCluster.Shared).CreateDatabase();
        await using (var context = KdRobustContext.Over(old.DataSource))
            await context.GetService<IMigrator>().MigrateAsync("ModelFiles");
        await old.Execute(
            """
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count, created_at)
            SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid, 'ada', 'train', 'job ' || n, 'f' || n, '{}', 1, 'cpu', CASE n WHEN 3 THEN 7 ELSE 0 END,
                CASE n WHEN 2 THEN 'Blocked' ELSE 'Queued' END, 'submitted', CASE n WHEN 2 THEN 1 ELSE 0 END, 0, 0, 5, 0, now() - n * interval '1 min'
            FROM generate_series(1, 4) n;
            INSERT INTO job_dependency (job_id, role, parent_id, output) VALUES ('00000000-0000-0000-0000-000000000002', 'weights', '00000000-0000-0000-0000-000000000001', 'weights');
            UPDATE job SET state = 'Running', fence = 1, lease_until = clock_timestamp(), worker = 'w1' WHERE name = 'job 1';
            UPDATE job SET state = 'Failed', lease_until = NULL, failure = '{"kind":"permanent","message":"m","detail":""}', finished_at = now() WHERE name = 'job 1';
            UPDATE job SET state = 'Cancelled', finished_at = now() WHERE name = 'job 2';
            """);
        (await Database.Migrate(old.DataSource)).ShouldContain(name => name.EndsWith("_QueueComplete"));
        var desk = new Desk(old);
        var retried = await desk.Jobs.Retry(new Guid("00000000-0000-0000-0000-000000000001"), Persistence.Jobs.RetryFrom.Checkpoint, "ada");
        retried.TakenBack.ShouldBe([new Guid("00000000-0000-0000-0000-000000000002")]);
        var order = await old.Scalar<string>("SELECT string_agg(name, ',' ORDER BY turn, seq) FROM job WHERE state = 'Queued'");
        order.ShouldBe("job 3,job 4,job 1", "the one of priority 7, the oldest, the one that was asked for again");
        (await old.Scalar<long>("SELECT count(DISTINCT lane) FROM job")).ShouldBe(1);
        (await old.Scalar<bool>($"SELECT bool_and(turn = waits_since - priority * interval '{(int)JobPriority.Aging.TotalMinutes} min') FROM job")).ShouldBeTrue();
    }

    [PostgresFact]
    public async Task Keys_made_before_they_could_expire_open_for_ever_after_the_migration()
    {
        await using var old = await (await PostgresCluster.Shared).CreateDatabase();
        await using (var context = KdRobustContext.Over(old.DataSource))
            await context.GetService<IMigrator>().MigrateAsync("ModelFiles");
        var key = ApiKeyStore.NewKey();
        await old.Execute($"INSERT INTO api_key (id, hash, owner, role, label) VALUES ('{Guid.CreateVersion7()}', sha256('{key}'), 'ada', 'Submitter', 'old')");
        await Database.Migrate(old.DataSource);
        var found = (await new ApiKeyStore(old.DataSource).Find(key))!;
        (found.Owner, found.Role, found.ExpiresAt).ShouldBe(("ada", ApiKeyRole.Submitter, null));
    }

    [PostgresFact]
    public async Task Experiments_of_before_there_were_sweeps_are_used_and_not_cancelled_by_them()
    {
        await using var old = await (await PostgresCluster.Shared).CreateDatabase();
        await using (var context = KdRobustContext.Over(old.DataSource))
            await context.GetService<IMigrator>().MigrateAsync("ModelFiles");
        var plan = SweepSpecs.Plan(SweepSpecs.Rates(Specs.NewSeed(), 0.1, 0.2));
        var (known, job) = (plan.Points[0].Plan, Guid.NewGuid());
        var spec = System.Text.Json.JsonSerializer.Serialize(plan.Points[0].Spec, KdRobust.Domain.Experiments.SpecJson.Options).Replace("'", "''", StringComparison.Ordinal);
        await old.Execute(
            $"""
            INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) VALUES ('{job}', 'ada', 'one', 'one', '{spec}', '{known.Fingerprint}', 0);
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            VALUES ('{job}', 'ada', 'train', 'train cni', '{known.Jobs[0].Fingerprint}', jsonb_build_object(), 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 3, 0);
            INSERT INTO experiment_job (experiment_id, key, job_id, ordinal, reused) VALUES ('{job}', '{known.Jobs[0].Key}', '{job}', 0, false);
            """);
        await Database.Migrate(old.DataSource);
        var sweeps = new SweepStore(old.DataSource);
        var submitted = await sweeps.Submit(Desk.Owner, plan, again: false);
        submitted.Made.ShouldBe(1);
        (await sweeps.Cancel(submitted.Id, Desk.Owner, "ada")).ShouldBe(new SweepCancellation(true, false, 1, 1, 1));
        (await old.Scalar<long>($"SELECT count(*) FROM job_event WHERE job_id = '{job}'")).ShouldBe(1);
    }

    [Fact]
    public void Model_has_no_change_without_a_migration()
    {
        using var context = KdRobustContext.WithoutDatabase();
        context.Database.HasPendingModelChanges().ShouldBeFalse("run: dotnet ef migrations add NAME -p src/Persistence -s src/Persistence/Design");
    }

    [PostgresFact]
    public async Task Chunks_are_stored_uncompressed_out_of_line()
    {
        await using var migrated = await MigratedDatabase.Create();
        (await migrated.Scalar<char>("SELECT attstorage FROM pg_attribute WHERE attrelid = 'chunk'::regclass AND attname = 'content'")).ShouldBe('e');
    }
}
