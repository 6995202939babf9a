using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
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
        var stored = (await checkpoints.Register(new JobLease(Guid.Empty, 1, "w1"), CheckpointRole.Resume, "resume", 1, 0, await checkpoints.Write(new MemoryStream(content)), []))!;

        (await Database.Migrate(old.DataSource))[0].ShouldBe("20261127145151_ModelFiles");
        using var read = new MemoryStream();
        await checkpoints.CopyTo(stored, read);
        read.ToArray().ShouldBe(content);
        (await new Desk(old).Upload(content)).Sha256.ShouldBe(stored.Sha256);
        (await old.Scalar<long>("SELECT count(*) FROM chunk")).ShouldBe(2, "an upload of the same bytes uses the same chunks");
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
