using System.Globalization;
using KdRobust.Support;

namespace KdRobust.Chaos.Service;

/// <summary>One replica of the API, started again on the same port when it has died.</summary>
public sealed class Replica(ArenaSettings settings, string database, string folder, int number) : IAsyncDisposable
{
    readonly int port = FreePort.Take();
    readonly List<ServiceProcess> retired = [];
    ServiceProcess? process;

    /// <summary>Where it answers, when it does.</summary>
    public Uri Address => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));

    /// <summary>Its process; null before the first start.</summary>
    public ServiceProcess? Process => process;

    /// <summary>File of its admin key, the same for all.</summary>
    public string KeyFile => Path.Combine(folder, "key");

    /// <summary>Starts it if it does not run.</summary>
    public async Task Ensure()
    {
        if (process is { HasEnded: false })
            return;
        if (process is not null)
            retired.Add(process);
        process = await ServiceProcess.Start(
            settings.Assembly("Api"),
            [
                "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "--key-file", KeyFile, "--address-file", Path.Combine(folder, $"{number}.address"),
                "--lease", settings.Lease.ToString(CultureInfo.InvariantCulture), "--rate", "0", "--longest-request", "20",
            ],
            new Dictionary<string, string?> { ["KDR_DATABASE"] = database, ["KDR_DATA"] = null });
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var earlier in retired)
            await earlier.DisposeAsync();
        if (process is not null)
            await process.DisposeAsync();
    }
}
