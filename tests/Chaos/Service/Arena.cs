using System.Globalization;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Faults;
using KdRobust.Support;
using Npgsql;

namespace KdRobust.Chaos.Service;

/// <summary>
/// A service of real processes over a PostgreSQL of its own that keeps what it has committed: replicas of the API and workers,
/// every second of them on a machine of its own where that can be had. Gone with this.
/// </summary>
public sealed class Arena : IAsyncDisposable
{
    readonly List<WorkerPlace> places = [];
    readonly List<Replica> replicas = [];
    readonly List<(string Who, int ExitCode, string Said)> deaths = [];

    Arena(ArenaSettings settings, PostgresCluster cluster, TestDatabase database, string folder, ClockSkew skew) =>
        (Settings, Cluster, Database, Folder, Skew) = (settings, cluster, database, folder, skew);

    public ArenaSettings Settings { get; }
    public PostgresCluster Cluster { get; }

    /// <summary>As the superuser, past every network.</summary>
    public TestDatabase Database { get; }

    /// <summary>Scripts, scratch folders, keys.</summary>
    public string Folder { get; }

    /// <summary>Where runs find their scripts, and real ones their images.</summary>
    public string Data => Path.Combine(Folder, "data");

    public ClockSkew Skew { get; }
    public IReadOnlyList<WorkerPlace> Places => places;
    public IReadOnlyList<Replica> Replicas => replicas;

    /// <summary>Held by whoever makes the server ill: one illness at a time.</summary>
    public SemaphoreSlim ServerIsIll { get; } = new(1, 1);

    /// <summary>Programs that ended and nobody had told them to: who, how, and what they said last.</summary>
    public IReadOnlyList<(string Who, int ExitCode, string Said)> Deaths => deaths;

    /// <summary>False once it is over: nobody is started again.</summary>
    public bool Open { get; private set; } = true;

    /// <summary>What printed last, for the message of a failure.</summary>
    public string Printed => string.Join('\n', [.. places.Select(place => place.Printed), .. replicas.Select(replica => $"--- api {replica.Address}\n{replica.Process?.Printed}")]);

    /// <summary>Starts everything; returns when a replica answers, so that the schema is there.</summary>
    public static async Task<Arena> Start(ArenaSettings settings)
    {
        var folder = Directory.CreateTempSubdirectory("kdr-arena-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        var apart = settings.OwnHosts && LinuxHost.Missing is null;
        var port = FreePort.Take();
        var cluster = await PostgresCluster.StartNew(new ClusterSite
        {
            Durable = true, TcpPort = port, DiskMiB = apart ? settings.DatabaseMiB : 0, Listen = apart ? "*" : "127.0.0.1",
            // A small disk: logs of what was written are given back soon.
            Settings = ["max_wal_size=64MB", "min_wal_size=32MB", "wal_level=minimal", "max_wal_senders=0"],
        });
        if (apart)
        {
            await cluster.Install("pg_hba.conf", "local all all trust\nhost all all 198.18.0.0/15 trust\n");
            await cluster.Restart();
        }
        var arena = new Arena(settings, cluster, await cluster.CreateDatabase(), folder, await ClockSkew.Build(folder));
        for (var number = 1; number <= settings.Replicas; number++)
            arena.replicas.Add(new Replica(settings, arena.Database.ConnectionString, folder, number));
        var cables = apart ? new HostNetwork(cluster.Host!) : null;
        for (var number = 1; number <= settings.Workers; number++)
        {
            arena.places.Add(cables is not null && number % 2 == 0
                ? await WorkerPlace.Apart(settings, folder, number, cables, arena.Reach)
                : WorkerPlace.Here(settings, folder, number, arena.Database.ConnectionString));
        }
        foreach (var replica in arena.replicas)
            await replica.Ensure();
        await arena.Until("a replica answers", async () => await arena.Answers(arena.replicas[0]), 120);
        await Witness.Install(arena.Database);
        return arena;
    }

    /// <summary>Starts what does not run, each new worker with a clock of its own.</summary>
    /// <param name="draw">Cores and clock of the next worker.</param>
    /// <returns>How many workers' clocks are wrong from now on.</returns>
    public async Task<int> Ensure(Func<(int Cores, TimeSpan Skew)> draw)
    {
        var skewed = 0;
        foreach (var replica in replicas)
        {
            Note(replica.Address.ToString(), replica.Process);
            await replica.Ensure();
        }
        foreach (var place in places.Where(place => place.Worker is not { HasEnded: false }))
        {
            Note(place.Name, place.Worker);
            var (cores, skew) = draw();
            await place.Ensure(cores, Skew.Variables(skew));
            skewed += skew == TimeSpan.Zero || Skew.Missing is not null ? 0 : 1;
        }
        return skewed;
    }

    /// <summary>True when a replica says that it is ready.</summary>
    public async Task<bool> Answers(Replica replica)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            return (await client.GetAsync(new Uri(replica.Address, "/readyz"))).IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary>Asks the database what it is asked, through restarts and full disks.</summary>
    public async Task<T> Steadily<T>(Func<Task<T>> action)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await action();
            }
            catch (Exception error) when (attempt < 300 && Persistence.Schema.Database.IsWeather(error))
            {
                Database.DataSource.Clear();
                await Task.Delay(200);
            }
        }
    }

    /// <summary>One value from the database, through restarts.</summary>
    public Task<T?> Value<T>(string sql) => Steadily(() => Database.Scalar<T>(sql));

    /// <summary>Waits until it is so.</summary>
    /// <exception cref="TimeoutException">It is not; the message says what was printed.</exception>
    public Task Until(string what, Func<Task<bool>> condition, double seconds) => Holds(what, () => Steadily(condition), seconds, () => Printed);

    /// <summary>Waits until something is so that other programs bring about.</summary>
    /// <exception cref="TimeoutException">It is not; the message says what was printed.</exception>
    public static async Task Holds(string what, Func<Task<bool>> condition, double seconds, Func<string> printed)
    {
        var end = Environment.TickCount64 + (long)(seconds * 1000);
        while (!await condition())
        {
            if (Environment.TickCount64 > end)
                throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"not within {seconds} s: {what}\n{printed()}"));
            await Task.Delay(50);
        }
    }

    /// <summary>Ends every worker and replica as a machine that is switched off would.</summary>
    public async Task SwitchOff()
    {
        if (!Open)
            return;
        Open = false;
        foreach (var place in places)
            await place.DisposeAsync();
        foreach (var replica in replicas)
            await replica.DisposeAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await SwitchOff();
        await Database.DisposeAsync();
        await Cluster.DisposeAsync();
        ServerIsIll.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    void Note(string who, ServiceProcess? process)
    {
        if (process is { HasEnded: true, WasTold: false })
            deaths.Add((who, process.ExitCode, string.Join('\n', process.Printed.Split('\n').TakeLast(20))));
    }

    string Reach(string address) => new NpgsqlConnectionStringBuilder(Database.ConnectionString) { Host = address }.ConnectionString;
}
