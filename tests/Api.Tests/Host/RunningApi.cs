using System.Net.Http.Headers;
using KdRobust.Api.Hosting;
using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace KdRobust.Api.Tests.Host;

/// <summary>The real service on a free loopback port, over a database of its own with our schema; one for each test class.</summary>
public class RunningApi : IAsyncLifetime
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-api-tests-").FullName;
    TestDatabase? database;
    WebApplication? app;

    public string Address { get; private set; } = "";

    public TestDatabase Database => database!;

    public string KeyFile => Path.Combine(folder, "key");

    /// <summary>Ada may submit.</summary>
    public HttpClient Ada { get; private set; } = new();

    /// <summary>Ada's other key may only read.</summary>
    public HttpClient AdaReads { get; private set; } = new();

    /// <summary>Bob may submit, and sees nothing of Ada's.</summary>
    public HttpClient Bob { get; private set; } = new();

    /// <summary>The key of the first start.</summary>
    public HttpClient Admin { get; private set; } = new();

    /// <summary>No key at all.</summary>
    public HttpClient Anonymous { get; private set; } = new();

    // The shortest: the reaper's chores come every 2 s, and no test waits for a lease to run out.
    static LeaseSettings Lease { get; } = new() { Lease = TimeSpan.FromSeconds(24) };

    internal JobStore Jobs => app!.Services.GetRequiredService<JobStore>();
    internal ExperimentStore Experiments => app!.Services.GetRequiredService<ExperimentStore>();
    internal KdRobust.Persistence.Sweeps.SweepStore Sweeps => app!.Services.GetRequiredService<KdRobust.Persistence.Sweeps.SweepStore>();
    internal MetricStore Metrics => app!.Services.GetRequiredService<MetricStore>();
    /// <summary>The largest file of weights this service takes: small, so that tests can go past it.</summary>
    public const long LargestModel = 6 << 20;

    internal CheckpointStore Checkpoints => app!.Services.GetRequiredService<CheckpointStore>();

    public async Task InitializeAsync()
    {
        if (new PostgresFactAttribute().Skip is not null) return;
        database = await (await PostgresCluster.Shared).CreateDatabase("migrated", Migrate);
        var options = Options();
        app = ApiApplication.Build(options);
        Address = await ApiProcess.Start(app, options);

        Anonymous = Client(null);
        Admin = Client((await File.ReadAllTextAsync(KeyFile)).Trim());
        Ada = Client(await Key("ada", ApiKeyRole.Submitter));
        AdaReads = Client(await Key("ada", ApiKeyRole.Reader));
        Bob = Client(await Key("bob", ApiKeyRole.Submitter));
    }

    public async Task DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>How this service is started.</summary>
    private protected virtual ApiOptions Options() =>
        new() { Database = Database.ConnectionString, Listen = new(System.Net.IPAddress.Loopback, 0), KeyFile = KeyFile, KeepAlive = TimeSpan.FromMilliseconds(300), Lease = Lease, LargestModel = LargestModel };

    public HttpClient Client(string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(Address) };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public async Task<string> Key(string owner, ApiKeyRole role)
    {
        var key = ApiKeyStore.NewKey();
        await app!.Services.GetRequiredService<ApiKeyStore>().Add(key, owner, role, "test");
        return key;
    }

    static async Task Migrate(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await Persistence.Schema.Database.Migrate(source);
    }
}
