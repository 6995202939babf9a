using KdRobust.Support;
using Npgsql;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>A server of a test's own whose database has the roles of deploy/postgres/roles.sql and asks them for passwords, migrated by the migrator.</summary>
public sealed class RoledDatabase : IAsyncDisposable
{
    readonly PostgresCluster cluster;
    readonly TestDatabase database;

    RoledDatabase(PostgresCluster cluster, TestDatabase database) => (this.cluster, this.database) = (cluster, database);

    public PostgresCluster Cluster => cluster;

    /// <summary>As the superuser.</summary>
    public TestDatabase Database => database;

    /// <summary>As an administrator would make it: roles, passwords, migrate, roles once more.</summary>
    public static async Task<RoledDatabase> Create()
    {
        var server = await PostgresCluster.StartNew();
        var own = await server.CreateDatabase();
        var made = new RoledDatabase(server, own);
        await made.ApplyRoles();
        foreach (var role in (string[])["kdr_migrator", "kdr_api", "kdr_worker", "kdr_reader"])
            await own.Execute($"ALTER ROLE {role} PASSWORD '{PasswordOf(role)}'");
        await server.Install("pg_hba.conf", "local all postgres trust\nlocal all all scram-sha-256\n");
        await own.Execute("SELECT pg_reload_conf()");
        var migrated = await ChildProcess.Run("dotnet", [Programs.Of("Api"), "migrate"], new Dictionary<string, string?> { ["KDR_DATABASE"] = made.As("kdr_migrator") }, TimeSpan.FromMinutes(3));
        migrated.ExitCode.ShouldBe(0, migrated.Text);
        await made.ApplyRoles();
        return made;
    }

    /// <summary>Found nowhere else, so that a search for it finds only a leak.</summary>
    public static string PasswordOf(string role) => $"pw-{role}-5c1d9e7742";

    /// <summary>Connection string of a role.</summary>
    public string As(string role) =>
        new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = PasswordOf(role), Pooling = true }.ConnectionString;

    public Task ApplyRoles() => database.Execute(File.ReadAllText(Repository.At("deploy", "postgres", "roles.sql")));

    public async ValueTask DisposeAsync()
    {
        await database.DisposeAsync();
        await cluster.DisposeAsync();
    }
}
