using System.Diagnostics;
using KdRobust.Api.Tests.Host;
using KdRobust.Domain.Runs;
using KdRobust.Support;

namespace KdRobust.Api.Tests.Events;

/// <summary>A reader whose service is killed goes on at another one.</summary>
public sealed class ReplicaTests(RunningApi api) : IClassFixture<RunningApi>
{
    [PostgresFact]
    public async Task A_reader_whose_service_is_killed_hears_the_rest_from_another_one_each_thing_once()
    {
        var experiment = await api.Ada.SubmitSample();
        var job = await new StandInWorker(api).Claim();
        await api.Metrics.Append(job.Lease, Points(0, 3));
        var topics = $"experiment:{experiment},job:{job.Lease.JobId}";

        List<Heard> before;
        await using (var replica = await Replica.Start(api.Database.ConnectionString))
        {
            using var client = new HttpClient { BaseAddress = new Uri(replica.Address) };
            client.DefaultRequestHeaders.Authorization = api.Ada.DefaultRequestHeaders.Authorization;
            before = await client.Listen(topics, m => m.Kind == "metrics" && m.Content["metrics"]!.AsArray().Any(p => p!["step"]!.GetValue<long>() == 4),
                meanwhile: () => api.Metrics.Append(job.Lease, Points(3, 2)));
            replica.Kill();
        }
        // Its end, while nobody listens.
        await api.Metrics.Append(job.Lease, Points(5, 2));
        await api.Jobs.Complete(job.Lease, Samples.SampleResults.Of(job.Payload));

        var after = await api.Ada.Listen(topics, m => m.IsState(job.Lease.JobId, "succeeded"), before[^1].Id);
        var both = before.Concat(after).ToList();
        both.Steps().ShouldBe([0L, 1, 2, 3, 4, 5, 6]);
        both.States(job.Lease.JobId).ShouldBe(["queued", "running", "succeeded"]);
    }

    static MetricPoint[] Points(int from, int count) => [.. Enumerable.Range(from, count).Select(i => new MetricPoint(i, "train/loss", i, i, 1.0 / (i + 1)))];

    /// <summary>Another process of the service over the same database.</summary>
    sealed class Replica(Process process, string folder) : IAsyncDisposable
    {
        public string Address { get; private set; } = "";

        public static async Task<Replica> Start(string database)
        {
            var folder = Directory.CreateTempSubdirectory("kdr-replica-").FullName;
            var file = Path.Combine(folder, "address");
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "KdRobust.Api.dll"), "--listen", "127.0.0.1:0", "--address-file", file, "--until-stdin-ends"]) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
            start.Environment["KDR_DATABASE"] = database;
            var process = Process.Start(start)!;
            var replica = new Replica(process, folder);
            // Its log says when it listens; the file is whole from then on.
            while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Listening on", StringComparison.Ordinal))
            {
            }
            using var watcher = new FileSystemWatcher(folder);
            while (!File.Exists(file)) watcher.WaitForChanged(WatcherChangeTypes.All, 100);
            replica.Address = (await File.ReadAllTextAsync(file)).Trim();
            return replica;
        }

        public void Kill() => process.Kill();

        public async ValueTask DisposeAsync()
        {
            if (!process.HasExited) process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
