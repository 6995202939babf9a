using System.Text.RegularExpressions;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.EndToEnd.Tests;

/// <summary>A database with the roles of deploy/postgres/roles.sql.</summary>
public sealed class RolesFixture : IAsyncLifetime
{
    public RoledDatabase? Roled { get; private set; }

    public async Task InitializeAsync() => Roled = new PrivatePostgresFactAttribute().Skip is null ? await RoledDatabase.Create() : null;

    public async Task DisposeAsync()
    {
        if (Roled is not null)
            await Roled.DisposeAsync();
    }
}

/// <summary>What each role may not do. That it may do its work is shown by <see cref="Observed.TelemetryTests"/>, whose API and worker run under theirs.</summary>
public sealed partial class RolesTests(RolesFixture fixture) : IClassFixture<RolesFixture>
{
    RoledDatabase Roled => fixture.Roled!;

    public static TheoryData<string, string> Forbidden => new()
    {
        { "kdr_worker", "INSERT INTO api_key (id, hash, owner, role, label) VALUES (gen_random_uuid(), 'x', 'eve', 'Admin', '')" },
        { "kdr_worker", "SELECT hash FROM api_key" },
        { "kdr_worker", "INSERT INTO experiment (id) VALUES (gen_random_uuid())" },
        { "kdr_worker", "DELETE FROM job" },
        { "kdr_worker", "DELETE FROM metric" },
        { "kdr_worker", "DELETE FROM model_file" },
        { "kdr_worker", "TRUNCATE job_event" },
        { "kdr_worker", "CREATE TABLE mine (i int)" },
        { "kdr_api", "CREATE TABLE mine (i int)" },
        { "kdr_api", "ALTER TABLE job ADD COLUMN mine int" },
        { "kdr_api", "DROP TRIGGER job_guard ON job" },
        { "kdr_api", "ALTER TABLE job DISABLE TRIGGER ALL" },
        { "kdr_api", "DELETE FROM job_event" },
        { "kdr_api", "INSERT INTO metric (job_id) SELECT id FROM job" },
        { "kdr_api", "DELETE FROM api_key" },
        { "kdr_api", "CREATE ROLE mine" },
        { "kdr_reader", "SELECT hash FROM api_key" },
        { "kdr_reader", "SELECT content FROM chunk" },
        { "kdr_reader", "UPDATE job SET priority = 1" },
        { "kdr_migrator", "CREATE ROLE mine SUPERUSER" },
    };

    [PrivatePostgresTheory, MemberData(nameof(Forbidden))]
    public async Task A_role_may_not_do_what_it_need_not(string role, string statement)
    {
        var refused = await Should.ThrowAsync<PostgresException>(() => Execute(role, statement), statement);
        refused.SqlState.ShouldBeOneOf(PostgresErrorCodes.InsufficientPrivilege, PostgresErrorCodes.ReadOnlySqlTransaction);
    }

    [PrivatePostgresFact]
    public async Task The_reader_sees_results_and_the_queue()
    {
        foreach (var table in (string[])["experiment", "experiment_job", "job", "job_event", "metric", "worker"])
            await Execute("kdr_reader", $"SELECT count(*) FROM {table}");
    }

    [PrivatePostgresFact]
    public async Task Every_table_is_granted_on_purpose()
    {
        var script = await File.ReadAllTextAsync(Repository.At("deploy", "postgres", "roles.sql"));
        var written = Granted().Matches(script).Select(match => match.Groups["table"].Value).ToList();
        await using var list = Roled.Database.DataSource.CreateCommand("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1");
        await using var rows = await list.ExecuteReaderAsync();
        while (await rows.ReadAsync())
            written.ShouldContain(rows.GetString(0), $"deploy/postgres/roles.sql does not say who may do what with table {rows.GetString(0)}: add its line");
    }

    [PrivatePostgresFact]
    public async Task Running_it_again_changes_nothing_and_everything_belongs_to_the_migrator()
    {
        const string Grants = "SELECT string_agg(relname || ' ' || relacl::text, E'\\n' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')";
        var before = await Roled.Database.Scalar<string>(Grants);
        await Roled.ApplyRoles();
        (await Roled.Database.Scalar<string>(Grants)).ShouldBe(before);
        (await Roled.Database.Scalar<long>("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relowner <> 'kdr_migrator'::regrole")).ShouldBe(0);
    }

    async Task Execute(string role, string statement)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Roled.As(role)) { Pooling = false });
        await using var command = source.CreateCommand(statement);
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex("""^\s+\('"?(?<table>\w+)"?',""", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Granted();
}
