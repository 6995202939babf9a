using System.Globalization;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.EndToEnd.Tests;

/// <summary>A PostgreSQL that takes nothing but TLS, with a certificate of a CA made here.</summary>
public sealed class TlsServer : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-tls-").FullName;
    PostgresCluster? cluster;
    TestDatabase? database;

    public static string? Skip { get; } = new PrivatePostgresFactAttribute().Skip ?? (Path.Exists("/usr/bin/openssl") ? null : "no openssl, which makes the certificates: apt-get install openssl");

    public string Authority => Path.Combine(folder, "ca.crt");

    public string StrangeAuthority => Path.Combine(folder, "strange.crt");

    public async Task InitializeAsync()
    {
        if (Skip is not null)
            return;
        foreach (var name in (string[])["ca", "strange"])
            await OpenSsl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", $"/CN=kdr test {name}", "-keyout", File(name, "key"), "-out", File(name, "crt"));
        await OpenSsl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", File("server", "key"), "-out", File("server", "csr"));
        await System.IO.File.WriteAllTextAsync(File("server", "ext"), "subjectAltName=DNS:localhost\n");
        await OpenSsl("x509", "-req", "-in", File("server", "csr"), "-CA", Authority, "-CAkey", File("ca", "key"), "-CAcreateserial", "-days", "2", "-extfile", File("server", "ext"), "-out", File("server", "crt"));

        cluster = await PostgresCluster.StartNew(FreePort.Take());
        database = await cluster.CreateDatabase();
        foreach (var name in (string[])["server.key", "server.crt"])
            await cluster.Install(name, await System.IO.File.ReadAllTextAsync(Path.Combine(folder, name)));
        await cluster.Install("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 trust\n");
        await database.Execute("ALTER SYSTEM SET ssl = on");
        await database.Execute("SELECT pg_reload_conf()");
    }

    public async Task DisposeAsync()
    {
        if (database is not null)
            await database.DisposeAsync();
        if (cluster is not null)
            await cluster.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>As docs say it: over TCP, with these settings.</summary>
    public string Over(string host, string settings)
    {
        var known = new NpgsqlConnectionStringBuilder(database!.ConnectionString);
        return string.Create(CultureInfo.InvariantCulture, $"Host={host};Port={known.Port};Username=postgres;Database={known.Database};{settings}");
    }

    string File(string name, string ending) => Path.Combine(folder, $"{name}.{ending}");

    static async Task OpenSsl(params string[] arguments)
    {
        var done = await ChildProcess.Run("openssl", arguments);
        done.ExitCode.ShouldBe(0, done.Text);
    }
}

/// <summary>Runs where PostgreSQL and openssl are.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class TlsFactAttribute : FactAttribute
{
    public TlsFactAttribute() => Skip = TlsServer.Skip;
}

/// <summary>The TLS settings of deploy/README.md, on a real server.</summary>
public sealed class TlsTests(TlsServer server) : IClassFixture<TlsServer>, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-tls-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [TlsFact]
    public async Task Api_and_worker_run_with_verify_full_and_every_connection_is_encrypted()
    {
        var connection = server.Over("localhost", $"SSL Mode=VerifyFull;Root Certificate={server.Authority}");
        var environment = new Dictionary<string, string?> { ["KDR_DATABASE"] = connection };
        await using var api = ObservedProcess.Start("Api", environment, "--listen", "127.0.0.1:0", "--address-file", Path.Combine(folder, "address"), "--key-file", Path.Combine(folder, "key"));
        using var client = await api.Listening(Path.Combine(folder, "address"));
        (await client.GetStringAsync("/readyz")).ShouldBe("ready\n");
        await using var worker = ObservedProcess.Start("ActionWorker", environment, "serve", "--name", "tls", "--cores", "1", "--scratch", Path.Combine(folder, "scratch"));
        client.DefaultRequestHeaders.Authorization = new("Bearer", (await File.ReadAllTextAsync(Path.Combine(folder, "key"))).Trim());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!(await client.GetStringAsync("/v1/workers", limit.Token)).Contains("\"tls\"", StringComparison.Ordinal))
            await Task.Delay(50, limit.Token);

        await using var source = NpgsqlDataSource.Create(connection);
        await using var query = source.CreateCommand("SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'kdr%' AND client_addr IS NOT NULL");
        await using var counts = await query.ExecuteReaderAsync();
        (await counts.ReadAsync()).ShouldBeTrue();
        counts.GetInt64(0).ShouldBeGreaterThan(1);
        counts.GetInt64(1).ShouldBe(0);
        (await worker.Stop()).ShouldBe(0, worker.Printed);
    }

    [TlsFact]
    public async Task A_certificate_of_another_authority_or_for_another_name_is_refused_in_words()
    {
        foreach (var connection in (string[])[
            server.Over("localhost", $"SSL Mode=VerifyFull;Root Certificate={server.StrangeAuthority}"),
            server.Over("127.0.0.1", $"SSL Mode=VerifyFull;Root Certificate={server.Authority}")])
        {
            var environment = new Dictionary<string, string?> { ["KDR_DATABASE"] = connection };
            await using var api = ObservedProcess.Start("Api", environment, "--listen", "127.0.0.1:0");
            await using var worker = ObservedProcess.Start("ActionWorker", environment, "serve", "--scratch", Path.Combine(folder, "scratch"));
            (await api.Ended()).ShouldBe(1, api.Printed);
            (await worker.Ended()).ShouldBe(7, worker.Printed);
            foreach (var printed in (string[])[api.Printed, worker.Printed])
            {
                printed.ShouldContain("PostgreSQL is not trusted: its certificate is refused");
                printed.ShouldContain("'Root Certificate' in KDR_DATABASE must name the CA that signed it");
                printed.ShouldNotContain("   at ", Case.Sensitive, "a person reads it");
            }
        }
    }

    [TlsFact]
    public async Task Without_encryption_the_server_says_no_at_once()
    {
        await using var api = ObservedProcess.Start("Api", new Dictionary<string, string?> { ["KDR_DATABASE"] = server.Over("localhost", "SSL Mode=Disable") }, "--listen", "127.0.0.1:0");
        (await api.Ended()).ShouldBe(1, api.Printed);
        api.Printed.ShouldContain("no encryption");
    }
}
