using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace KdRobust.Support;

/// <summary>
/// A PostgreSQL of the tests' own: made in a fresh folder, reached over a Unix socket in it, without durable settings, and
/// gone with this process even when it is killed. <see cref="Shared"/> serves a whole test assembly; a fault test
/// that stops or kills its server starts one for itself with <see cref="StartNew(ClusterSite)"/>.
/// </summary>
public sealed class PostgresCluster : IAsyncDisposable
{
    const string Superuser = "postgres";
    const string Prefix = "kdr-test-pg-";
    const int SocketNumber = 5432;

    static readonly Lazy<Task<PostgresCluster>> SharedCluster = new(() => ServerOfOthers is null ? StartNew() : Adopt(ServerOfOthers));
    static int started;

    readonly PostgresPrograms? server;
    readonly string home;
    readonly string administration;
    readonly ClusterSite site;
    readonly Process? reaper;
    readonly TemplateDatabases templates;
    Process? postmaster;

    PostgresCluster(PostgresPrograms? server, string home, string administration, ClusterSite site)
    {
        (this.server, this.home, this.administration, this.site) = (server, home, administration, site);
        templates = new TemplateDatabases(this);
        if (server is null)
            return;
        var start = new ProcessStartInfo("/bin/sh", [Path.Combine(AppContext.BaseDirectory, "Postgres", "reap.sh"), home]) { UseShellExecute = false, RedirectStandardInput = true };
        reaper = Process.Start(start);
    }

    /// <summary>The server of KDR_TEST_POSTGRES (a connection string whose user may create databases); null when not set.</summary>
    public static string? ServerOfOthers { get; } =
        Environment.GetEnvironmentVariable("KDR_TEST_POSTGRES") is { Length: > 0 } named ? named : null;

    /// <summary>The one cluster of this process, started at first use.</summary>
    public static Task<PostgresCluster> Shared => SharedCluster.Value;

    /// <summary>Process id of the server's first process; 0 when it is down or not ours.</summary>
    public int ProcessId => postmaster is { HasExited: false } ? postmaster.Id : 0;

    /// <summary>The machine it runs on, with its own network and the disk of its data; null when it is this one.</summary>
    public LinuxHost? Host { get; private set; }

    /// <summary>The disk of its data, where it has one of its own.</summary>
    public HostDisk Disk => Host?.Disks[0] ?? throw new InvalidOperationException("this cluster has no disk of its own");

    /// <summary>Starts a cluster that nobody else uses. Dispose it to stop it and delete its files.</summary>
    /// <param name="tcpPort">A free port on which it listens on 127.0.0.1 as well; 0 for the socket only.</param>
    public static Task<PostgresCluster> StartNew(int tcpPort = 0) => StartNew(new ClusterSite { TcpPort = tcpPort });

    /// <summary>The same, elsewhere or with other settings.</summary>
    public static async Task<PostgresCluster> StartNew(ClusterSite site)
    {
        var programs = PostgresPrograms.Find() ?? throw new InvalidOperationException(PostgresPrograms.NotFound);
        var root = TemporaryRoot(programs);
        AbandonedClusters.Sweep(root, Prefix);
        var folder = Path.Combine(root, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref started)}");
        await programs.MakeFolder(folder);
        var connection = new NpgsqlConnectionStringBuilder { Host = folder, Port = site.TcpPort == 0 ? SocketNumber : site.TcpPort, Username = Superuser, Database = "postgres" };
        var cluster = new PostgresCluster(programs, folder, connection.ConnectionString, site);
        AbandonedClusters.Sign(folder);
        if (site.DiskMiB > 0)
        {
            await programs.MakeFolder(cluster.Data);
            cluster.Host = await LinuxHost.Start(new HostDisk(cluster.Data, site.DiskMiB, programs.User));
        }
        await cluster.Initialize();
        await cluster.Start();
        return cluster;
    }

    /// <summary>Connection string for a database of this cluster.</summary>
    public string ConnectionString(string database = "postgres") =>
        new NpgsqlConnectionStringBuilder(administration) { Database = database }.ConnectionString;

    /// <summary>Makes a fresh, empty database. Dispose it to drop it.</summary>
    public Task<TestDatabase> CreateDatabase() => templates.Copy("template0");

    /// <summary>
    /// Makes a fresh database as a copy of one that was prepared once per process, e.g. migrated: a copy takes some
    /// 50 ms, whatever the preparation takes.
    /// </summary>
    /// <param name="name">Name of the preparation, e.g. <c>migrated</c>.</param>
    /// <param name="prepare">Receives a connection string to an empty database; must close what it opens there.</param>
    public async Task<TestDatabase> CreateDatabase(string name, Func<string, Task> prepare) =>
        await templates.Copy(await templates.Prepared(name, prepare));

    /// <summary>Starts the server again after <see cref="Stop"/> or <see cref="Kill"/>; returns when it answers.</summary>
    public async Task Start()
    {
        var durable = site.Durable ? "on" : "off";
        var (program, arguments) = Program(
            "postgres",
            [
                "-D", Data, "-k", home, "-c", site.TcpPort == 0 ? "listen_addresses=" : $"listen_addresses={site.Listen}",
                "-c", string.Create(CultureInfo.InvariantCulture, $"port={(site.TcpPort == 0 ? SocketNumber : site.TcpPort)}"), "-c", $"fsync={durable}", "-c", $"synchronous_commit={durable}",
                "-c", $"full_page_writes={durable}", "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "logging_collector=off", .. site.Settings.SelectMany(setting => (string[])["-c", setting]),
            ]);
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        var process = Process.Start(start)!;
        var log = new List<string>();
        process.ErrorDataReceived += (_, line) => Keep(log, line.Data);
        process.OutputDataReceived += (_, line) => Keep(log, line.Data);
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        postmaster = process;
        await Answering(process, log);
    }

    /// <summary>Puts a file into the server's data folder, readable by the server alone; <c>pg_reload_conf()</c> lets it see a configuration.</summary>
    public async Task Install(string name, string content)
    {
        var aside = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(aside, content);
            string[] owner = Ours().User is { } user ? ["-o", user] : [];
            var done = await ChildProcess.Run("install", ["-m", "0600", .. owner, aside, Host?.PathOf(Path.Combine(Data, name)) ?? Path.Combine(Data, name)]);
            if (done.ExitCode != 0)
                throw new InvalidOperationException($"cannot write {name}: {done.Text}");
        }
        finally
        {
            File.Delete(aside);
        }
    }

    /// <summary>Stops the server as an administrator would (fast shutdown): open connections are closed.</summary>
    public Task Stop() => End(LibC.Interrupt);

    /// <summary>Kills the server without any shutdown, as a crash would.</summary>
    public async Task Kill()
    {
        // SIGQUIT makes the server drop everything at once and needs recovery; SIGKILL would leave its children behind.
        await End(LibC.Quit);
    }

    /// <summary>Kills every process of the server at once, as a machine that loses its power would.</summary>
    public async Task KillEverything()
    {
        if (postmaster is not { HasExited: false } process)
            return;
        SignalAll(LibC.Kill);
        await process.WaitForExitAsync();
    }

    /// <summary>Kills one of the processes that serve connections; the server then ends all others and recovers by itself.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> KillBackend(int number)
    {
        var serving = new List<int>();
        await using (var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(administration) { Pooling = false }.ConnectionString))
        {
            await connection.OpenAsync();
            await using var list = new NpgsqlCommand("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid", connection);
            await using var rows = await list.ExecuteReaderAsync();
            while (await rows.ReadAsync())
                serving.Add(rows.GetInt32(0));
        }
        return serving.Count > 0 && LibC.Signal(serving[number % serving.Count], LibC.Kill) == 0;
    }

    /// <summary>Stops and starts the server; every connection breaks.</summary>
    public async Task Restart()
    {
        await Stop();
        await Start();
    }

    /// <summary>Halts every process of the server without ending any, as a network that swallows packets would.</summary>
    public void Freeze() => SignalAll(LibC.Stop);

    /// <summary>Lets the server go on after <see cref="Freeze"/>.</summary>
    public void Thaw() => SignalAll(LibC.Continue);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (reaper is null)
            return;
        NpgsqlConnection.ClearAllPools();
        Thaw();
        if (ProcessId != 0)
            await End(LibC.Quit);
        if (Host is not null)
            await Host.DisposeAsync();
        reaper.StandardInput.Close();
        await reaper.WaitForExitAsync();
        reaper.Dispose();
        postmaster?.Dispose();
    }

    string Data => Path.Combine(home, "data");

    /// <summary>One of the server's programs, on the machine and as the user it runs as.</summary>
    (string Program, string[] Arguments) Program(string name, params string[] options)
    {
        var (program, arguments) = Ours().Command(name, options);
        return Host?.Command(program, arguments) ?? (program, arguments);
    }

    static async Task<PostgresCluster> Adopt(string foreign)
    {
        var cluster = new PostgresCluster(null, "", foreign, new ClusterSite());
        await cluster.templates.Sweep();
        return cluster;
    }

    /// <summary>A folder the server's user can enter, short enough for a socket's path (107 bytes).</summary>
    static string TemporaryRoot(PostgresPrograms programs)
    {
        var root = Path.GetTempPath();
        return programs.User is not null || root.Length > 60 ? "/tmp" : root;
    }

    async Task Initialize()
    {
        var (program, arguments) = Program(
            "initdb", "-D", Data, "-U", Superuser, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
        var made = await ChildProcess.Run(program, arguments);
        if (made.ExitCode != 0)
            throw new InvalidOperationException($"initdb failed in {home}: {made.Text}");
    }

    async Task Answering(Process process, List<string> log)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(administration) { Pooling = false }.ConnectionString);
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (!process.HasExited && Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(60))
            {
                await Task.Delay(20);
            }
            catch (NpgsqlException error)
            {
                lock (log)
                    throw new InvalidOperationException($"PostgreSQL in {home} does not answer: {string.Join('\n', log)}", error);
            }
        }
    }

    async Task End(int signal)
    {
        _ = Ours();
        if (postmaster is not { HasExited: false } process)
            return;
        _ = LibC.Signal(process.Id, signal);
        await process.WaitForExitAsync();
        process.Dispose();
        postmaster = null;
    }

    void SignalAll(int signal)
    {
        _ = Ours();
        // Asked once: it may end meanwhile, and no process is number 0.
        if (ProcessId is not (> 0 and var first))
            return;
        foreach (var process in ServerProcesses.ChildrenOf(first).Prepend(first))
            _ = LibC.Signal(process, signal);
    }

    PostgresPrograms Ours() =>
        server ?? throw new InvalidOperationException(
            "KDR_TEST_POSTGRES names a server that is not ours to stop: a test that does so takes PostgresCluster.StartNew and the attribute PrivatePostgresFact");

    static void Keep(List<string> log, string? line)
    {
        if (line is null)
            return;
        lock (log)
        {
            log.Add(line);
            if (log.Count > 200)
                log.RemoveAt(0);
        }
    }
}
