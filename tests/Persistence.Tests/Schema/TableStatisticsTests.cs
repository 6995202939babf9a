using KdRobust.Persistence.Schema;
using KdRobust.Persistence.Tests.Arrange;
using KdRobust.Support;

namespace KdRobust.Persistence.Tests.Schema;

public sealed class TableStatisticsTests
{
    [PostgresFact]
    public async Task A_table_that_has_grown_is_analyzed_once()
    {
        await using var database = await MigratedDatabase.Create();
        await database.Execute("ALTER TABLE experiment SET (autovacuum_enabled = false)");
        var statistics = new TableStatistics(database.DataSource);
        await statistics.Refresh();
        (await database.Scalar<double>("SELECT reltuples::float8 FROM pg_class WHERE oid = 'experiment'::regclass")).ShouldBe(-1, "it is empty");
        await database.Execute(
            "INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) SELECT gen_random_uuid(), 'ada', 'load', 'Load', '{}', n::text, 0 FROM generate_series(1, 5000) n");
        (await statistics.Refresh()).ShouldBe(1);
        (await database.Scalar<double>("SELECT reltuples::float8 FROM pg_class WHERE oid = 'experiment'::regclass")).ShouldBe(5000);
        (await statistics.Refresh()).ShouldBe(0);
        await database.Execute("INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) SELECT gen_random_uuid(), 'ada', 'load', 'Load', '{}', 'more' || n, 0 FROM generate_series(1, 1000) n");
        (await statistics.Refresh()).ShouldBe(0, "a fifth more is no reason");
    }
}
