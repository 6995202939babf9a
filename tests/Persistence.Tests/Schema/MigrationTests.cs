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
