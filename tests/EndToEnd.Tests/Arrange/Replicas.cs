using System.Diagnostics;
using KdRobust.Support;

namespace KdRobust.EndToEnd.Tests.Arrange;

/// <summary>Processes of one service, started at once over an empty database; gone with this.</summary>
sealed class Replicas : IAsyncDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("kdr-replicas-").FullName;
    readonly List<ServiceProcess> processes = [];

    Replicas(TestDatabase database) => Database = database;

    public TestDatabase Database { get; }

    public IReadOnlyList<ServiceProcess> Processes => processes;

    /// <summary>Where the replicas that answer do so.</summary>
    public IReadOnlyList<string> Addresses => [.. Directory.GetFiles(folder, "*.address").Order(StringComparer.Ordinal).Select(file => File.ReadAllText(file).Trim())];

    public static async Task<Replicas> Start(int apis, int workers)
    {
        var service = new Replicas(await (await PostgresCluster.Shared).CreateDatabase());
        var environment = new Dictionary<string, string?> { ["KDR_DATABASE"] = service.Database.ConnectionString, ["KDR_DATA"] = null };
        // A dead replica is noticed after three seconds instead of fifteen.
        await File.WriteAllTextAsync(Path.Combine(service.folder, "chores.json"), """{ "checkinSeconds": 1 }""");
        for (var i = 0; i < apis; i++)
            service.processes.Add(await ServiceProcess.Start(
                Programs.Assembly("Api"),
                ["--listen", "127.0.0.1:0", "--key-file", Path.Combine(service.folder, $"key-{i}"), "--address-file", Path.Combine(service.folder, $"{i}.address"), "--chores", Path.Combine(service.folder, "chores.json")],
                environment));
        for (var i = 0; i < workers; i++)
            service.processes.Add(await ServiceProcess.Start(Programs.Assembly("Worker"), ["serve", "--name", $"w{i}", "--cores", "1", "--scratch", Path.Combine(service.folder, $"w{i}")], environment));
        return service;
    }

    /// <summary>A client with the key of the first start.</summary>
    public HttpClient Client(string address)
    {
        var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Path.Combine(folder, "key-0")).Trim());
        return client;
    }

    /// <summary>Waits for what the processes bring about; says what they printed when they do not.</summary>
    public async Task Until(string what, Func<Task<bool>> condition, double seconds = 60)
    {
        for (var begun = Stopwatch.GetTimestamp(); !await condition(); await Task.Delay(50))
            if (Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(seconds))
                throw new TimeoutException($"not within {seconds} s: {what}\n{string.Join("\n---\n", processes.Select(process => process.Printed))}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes) await process.DisposeAsync();
        await Database.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
