using System.Globalization;

namespace KdRobust.Cli.Local;

/// <summary>What a local service is made of.</summary>
/// <param name="Verb">The verb that starts it, for those who ask later.</param>
/// <param name="Workers">Supervisors to run.</param>
/// <param name="Cores">Cores each of them offers.</param>
/// <param name="Port">Loopback port of the API; 0 takes a free one.</param>
/// <param name="DataFolder">Where the workers look for images; null when there is none.</param>
/// <param name="LeaseSeconds">How long a silent worker keeps its job. On one machine nothing but a crash or a stop makes a worker silent.</param>
sealed record LocalServiceOptions(string Verb, int Workers, int Cores, int Port, string? DataFolder, int LeaseSeconds = 15);

/// <summary>
/// PostgreSQL, the API and the workers of one checkout, started in this order, kept alive, and stopped in the opposite
/// one. None of them outlives this process, even when it is killed (<see cref="ChildLauncher"/>).
/// </summary>
sealed class LocalService : IAsyncDisposable
{
    // Workers first: they give their jobs back while the database still answers. All together within 10 s.
    static readonly TimeSpan WorkerGrace = TimeSpan.FromSeconds(4.5), ApiGrace = TimeSpan.FromSeconds(2);
    const int DrainSeconds = 4;

    readonly LocalFolders folders;
    readonly LocalServiceOptions options;
    readonly Action<string> say;
    readonly FileStream claim;
    readonly List<(string Name, KeptProcess Process, Func<ChildService, Task> Stop)> started = [];
    string address = "";
    string database = "";
    DateTimeOffset readyAt;

    LocalService(LocalFolders folders, LocalServiceOptions options, Action<string> say, FileStream claim) =>
        (this.folders, this.options, this.say, this.claim) = (folders, options, say, claim);

    /// <summary>Where it answers, and who belongs to it.</summary>
    public ServiceRecord Record => new(
        ProcessIdentity.Ours, options.Verb, address, folders.KeyFile, database, options.DataFolder, readyAt,
        [.. started.Select(s => new ServiceProcess(s.Name, s.Process.Current.Identity))]);

    /// <summary>Ends with the reason when a part of the service cannot be kept alive.</summary>
    public async Task<string> Broken() => await await Task.WhenAny(started.Select(s => s.Process.GivenUp));

    /// <summary>Starts everything; returns when the API answers. What was started is stopped again when something fails.</summary>
    /// <param name="folders">Whose service.</param>
    /// <param name="options">What it is made of.</param>
    /// <param name="say">Takes a line for a person, from any thread.</param>
    /// <param name="cancellation">Gives up starting.</param>
    public static async Task<LocalService> Start(LocalFolders folders, LocalServiceOptions options, Action<string> say, CancellationToken cancellation)
    {
        var service = new LocalService(folders, options, say, Claim(folders));
        try
        {
            await service.StartPostgres(cancellation);
            await service.StartApi(cancellation);
            for (var number = 1; number <= options.Workers; number++) await service.StartWorker(number, cancellation);
            service.readyAt = TimeProvider.System.GetUtcNow();
            service.Record.Write(folders);
            foreach (var (_, process, _) in service.started) process.Restarted = () => service.Record.Write(folders);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops everything in order.</summary>
    public async ValueTask DisposeAsync()
    {
        var workers = started.Where(s => s.Name.StartsWith("worker", StringComparison.Ordinal)).ToList();
        await Task.WhenAll(workers.Select(w => w.Process.Stop(w.Stop)));
        foreach (var (_, process, stop) in started.Except(workers).Reverse()) await process.Stop(stop);
        started.Clear();
        ServiceRecord.Remove(folders);
        await claim.DisposeAsync();
    }

    async Task StartPostgres(CancellationToken cancellation)
    {
        var postgres = new PrivatePostgres(PostgresPrograms.Find(), folders.Postgres, folders.Logs);
        if (!postgres.Exists) say($"making a private PostgreSQL in {folders.Postgres}");
        database = postgres.ConnectionString;
        await Start("postgres", postgres.Start, PrivatePostgres.Stop, cancellation);
    }

    async Task StartApi(CancellationToken cancellation)
    {
        var program = folders.Program("Api");
        var addressFile = Path.Combine(folders.Run, "api.address");
        var port = options.Port;
        await Start("api", async stop =>
        {
            File.Delete(addressFile);
            var api = await ChildService.Start(
                "api", folders.Logs, DotNet,
                [
                    program, "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"),
                    "--key-file", folders.KeyFile, "--address-file", addressFile, "--log-folder", folders.Logs,
                    "--lease", Text(options.LeaseSeconds), "--until-stdin-ends",
                    .. File.Exists(folders.Chores) ? ["--chores", folders.Chores] : Array.Empty<string>(),
                ],
                Environment(), UnixSignal.Kill);
            try
            {
                address = await Answer(api, addressFile, stop);
            }
            catch
            {
                await api.DisposeAsync();
                throw;
            }
            port = new Uri(address).Port; // Started again, it answers where its callers expect it.
            return api;
        }, api => api.Stop(UnixSignal.Terminate, ApiGrace), cancellation);
    }

    async Task StartWorker(int number, CancellationToken cancellation)
    {
        var program = folders.Program("Worker");
        var name = $"worker-{Text(number)}";
        await Start(name, _ => ChildService.Start(
            name, folders.Logs, DotNet,
            [
                // Locks of processor slots go by the worker's name on the whole machine, so it names the checkout too.
                program, "serve", "--name", $"{name}.{LocalFolders.Hash(folders.Root)[..8]}", "--cores", Text(options.Cores), "--scratch", Path.Combine(folders.State, "scratch", name),
                "--lease", Text(options.LeaseSeconds), "--drain", Text(DrainSeconds),
            ],
            Environment(), UnixSignal.Kill), worker => worker.Stop(UnixSignal.Terminate, WorkerGrace), cancellation);
    }

    async Task Start(string name, Func<CancellationToken, Task<ChildService>> start, Func<ChildService, Task> stop, CancellationToken cancellation) =>
        started.Add((name, await KeptProcess.Start(start, say, cancellation), stop));

    static async Task<string> Answer(ChildService api, string addressFile, CancellationToken cancellation)
    {
        while (!File.Exists(addressFile))
        {
            if (api.Ended.IsCompleted)
                throw new CommandFailedException(ExitCode.Failed, $"the API does not start: {api.Tail.LastOrDefault(line => line.Trim().Length > 0) ?? "it said nothing"}");
            await Task.Delay(20, cancellation);
        }
        return (await File.ReadAllTextAsync(addressFile, cancellation)).Trim();
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    Dictionary<string, string?> Environment() => new(StringComparer.Ordinal)
    {
        ["KDR_DATABASE"] = database,
        ["KDR_DATA"] = options.DataFolder,
        ["DOTNET_gcServer"] = "0",
    };

    /// <summary>The dotnet that runs us, else the one on the PATH.</summary>
    internal static string DotNet => System.Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet";

    /// <summary>The lock that one host holds for as long as it lives.</summary>
    static FileStream Claim(LocalFolders folders)
    {
        LocalFolders.MakePrivate(folders.Run);
        try
        {
            return new FileStream(Path.Combine(folders.Run, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            var running = ServiceRecord.Running(folders);
            throw new CommandFailedException(ExitCode.Failed,
                running is null
                    ? "another ./kdr of this checkout is starting or stopping the local service: wait for it, then try again"
                    : $"the local service already runs (./kdr {running.Verb}, process {running.Host.Id}) at {running.Address}: use it, or stop it with ./kdr down", error);
        }
    }
}
