using System.Globalization;
using KdRobust.Support;

namespace KdRobust.Chaos.Service;

/// <summary>
/// Where a worker runs: a scratch folder, a network to the database, and one worker after the other, each under a name of its
/// own. Either a host of its own, or this machine and a proxy.
/// </summary>
public sealed class WorkerPlace : IAsyncDisposable
{
    readonly ArenaSettings settings;
    readonly string folder;
    readonly int number;
    // Faults that strike beside each other may still look at them.
    readonly List<ServiceProcess> retired = [];
    int started;

    WorkerPlace(ArenaSettings settings, string folder, int number) => (this.settings, this.folder, this.number) = (settings, folder, number);

    /// <summary>Its machine; null when it is this one.</summary>
    public LinuxHost? Host { get; private set; }

    /// <summary>The cables of the machine.</summary>
    public HostNetwork? Cables { get; private set; }

    /// <summary>The network to the database, where the place is on this machine.</summary>
    public DatabaseProxy? Proxy { get; private set; }

    /// <summary>The database as it is reached from here.</summary>
    public string Database { get; private set; } = "";

    /// <summary>The newest worker here; null before the first.</summary>
    public ServiceProcess? Worker { get; private set; }

    /// <summary>Its name.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"w{number}-{started}");

    /// <summary>Workers there have been.</summary>
    public int Started => started;

    /// <summary>Everything all of them printed last.</summary>
    public string Printed => $"--- {Name}\n{Worker?.Printed}";

    /// <summary>A place on this machine.</summary>
    public static WorkerPlace Here(ArenaSettings settings, string folder, int number, string database)
    {
        var place = new WorkerPlace(settings, folder, number) { Proxy = DatabaseProxy.Start(database) };
        place.Database = place.Proxy.ConnectionString;
        Directory.CreateDirectory(place.Scratch);
        return place;
    }

    /// <summary>A place on a machine of its own, with a disk of its own for scratch.</summary>
    /// <param name="settings">What is started.</param>
    /// <param name="folder">Folder of the arena.</param>
    /// <param name="number">Tells places apart.</param>
    /// <param name="cables">The network of the database's machine.</param>
    /// <param name="reach">The database at an address.</param>
    public static async Task<WorkerPlace> Apart(ArenaSettings settings, string folder, int number, HostNetwork cables, Func<string, string> reach)
    {
        var place = new WorkerPlace(settings, folder, number) { Cables = cables };
        Directory.CreateDirectory(place.Scratch);
        place.Host = await LinuxHost.Start(new HostDisk(place.Scratch, settings.ScratchMiB));
        place.Database = reach(await cables.Join(place.Host));
        return place;
    }

    /// <summary>Starts a worker if none runs.</summary>
    /// <param name="cores">Cores it offers.</param>
    /// <param name="clock">Variables that set its clock wrong.</param>
    public async Task Ensure(int cores, IReadOnlyDictionary<string, string?> clock)
    {
        if (Worker is { HasEnded: false })
            return;
        if (Worker is not null)
            retired.Add(Worker);
        started++;
        string[] line =
        [
            "serve", "--name", Name, "--cores", Text(cores), "--lease", Text(settings.Lease), "--drain", Text(settings.Drain), "--data", Path.Combine(folder, "data"), "--scratch", Scratch,
        ];
        Worker = await ServiceProcess.Start(settings.Assembly(settings.WorkerProject), line, new Dictionary<string, string?>(clock) { ["KDR_DATABASE"] = Database }, Host);
    }

    /// <summary>The network as it was at first.</summary>
    public async Task Heal()
    {
        Proxy?.Heal();
        if (Host is not null)
            await Cables!.Heal(Host);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var worker in retired)
            await worker.DisposeAsync();
        if (Worker is not null)
            await Worker.DisposeAsync();
        if (Proxy is not null)
            await Proxy.DisposeAsync();
        if (Host is not null)
            await Host.DisposeAsync();
    }

    string Scratch => Path.Combine(folder, "scratch", Text(number));

    static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
