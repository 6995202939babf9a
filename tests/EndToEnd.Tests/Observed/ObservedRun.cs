using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using KdRobust.EndToEnd.Tests.Arrange;
using KdRobust.Support;
using KdRobust.Support.Otlp;

namespace KdRobust.EndToEnd.Tests.Observed;

/// <summary>
/// One experiment through an API and a worker in processes of their own, each under its role and with a collector; then both
/// are stopped as a service manager would. The tests look at what is left.
/// </summary>
public sealed class ObservedRun : IAsyncLifetime
{
    public const string CollectorKey = "seq-key-0b7719ac";
    static readonly TimeSpan Long = TimeSpan.FromSeconds(120);

    readonly string folder = Directory.CreateTempSubdirectory("kdr-observed-").FullName;
    readonly List<string> printed = [];

    public OtlpReceiver Collector { get; } = new();
    public string Key { get; private set; } = "";
    public string Experiment { get; private set; } = "";

    /// <summary>Bodies of refusals, one while the database is away.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What Prometheus reads.</summary>
    public string Scraped { get; private set; } = "";

    /// <summary>Highest ordinal of the stored metrics, by job.</summary>
    public Dictionary<Guid, long> LastMetric { get; } = [];

    /// <summary>Everything that was printed, and every log file.</summary>
    public string Texts => string.Join('\n', [.. printed, .. Directory.GetFiles(folder, "*.json", SearchOption.AllDirectories).Where(file => file.Contains("log", StringComparison.Ordinal)).Select(File.ReadAllText)]);

    public async Task InitializeAsync()
    {
        if (new PrivatePostgresFactAttribute().Skip is not null)
            return;
        await using var roled = await RoledDatabase.Create();
        Dictionary<string, string?> Environment(string role) => new()
        {
            ["KDR_DATABASE"] = roled.As(role), ["KDR_OTLP_ENDPOINT"] = Collector.Endpoint, ["KDR_OTLP_HEADERS"] = $"X-Seq-ApiKey={CollectorKey}",
        };
        var (address, keyFile) = (Path.Combine(folder, "address"), Path.Combine(folder, "key"));
        await using var api = ObservedProcess.Start("Api", Environment("kdr_api"), "--listen", "127.0.0.1:0", "--address-file", address, "--key-file", keyFile, "--log-folder", Path.Combine(folder, "api-logs"));
        await using var worker = ObservedProcess.Start("ActionWorker", Environment("kdr_worker"), "serve", "--name", "w1", "--cores", "1", "--data", Directory.CreateDirectory(Path.Combine(folder, "data")).FullName, "--scratch", Path.Combine(folder, "scratch"));
        using var client = await api.Listening(address);
        Key = (await File.ReadAllTextAsync(keyFile)).Trim();

        await Refuse(client, "/v1/experiments");
        await Refuse(client, "/metrics");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "kdr_" + new string('x', 43));
        await Refuse(client, "/v1/experiments");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using (var posted = await client.PostAsync("/v1/experiments", new StringContent(File.ReadAllText(Programs.Spec), Encoding.UTF8, "application/json")))
        {
            var body = await posted.Content.ReadAsStringAsync();
            posted.IsSuccessStatusCode.ShouldBeTrue($"{body}\n{api.Printed}");
            Experiment = JsonNode.Parse(body)!["experiment"]!["id"]!.GetValue<string>();
        }
        await Ended(client, worker);
        Scraped = await ScrapedIdle(client);
        await using (var last = roled.Database.DataSource.CreateCommand("SELECT job_id, max(ordinal) FROM metric GROUP BY job_id"))
        await using (var rows = await last.ExecuteReaderAsync())
            while (await rows.ReadAsync())
                LastMetric[rows.GetGuid(0)] = rows.GetInt64(1);

        (await worker.Stop()).ShouldBe(0, worker.Printed);
        await roled.Cluster.Stop();
        await Refuse(client, "/v1/experiments");
        (await api.Stop()).ShouldBe(0, api.Printed);
        printed.AddRange([api.Printed, worker.Printed]);

        await roled.Cluster.Start();
        await using var refused = ObservedProcess.Start("Api", new Dictionary<string, string?> { ["KDR_DATABASE"] = roled.As("kdr_api").Replace(RoledDatabase.PasswordOf("kdr_api"), RoledDatabase.PasswordOf("kdr_worker"), StringComparison.Ordinal) });
        (await refused.Ended()).ShouldBe(1, refused.Printed);
        printed.Add(refused.Printed);
    }

    public Task DisposeAsync()
    {
        Collector.Dispose();
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }

    async Task Refuse(HttpClient client, string address)
    {
        using var refused = await client.GetAsync(address);
        refused.IsSuccessStatusCode.ShouldBeFalse(address);
        Problems.Add(await refused.Content.ReadAsStringAsync());
    }

    /// <summary>The levels may be a second old: what the queue held just before its end is not yet what the test asks for.</summary>
    static async Task<string> ScrapedIdle(HttpClient client)
    {
        for (var begun = Stopwatch.GetTimestamp(); ; await Task.Delay(50))
        {
            var text = await client.GetStringAsync("/metrics");
            var busy = text.Split('\n').Any(line => (line.StartsWith("kdr_queue_ready{", StringComparison.Ordinal) || line.StartsWith("kdr_queue_running{", StringComparison.Ordinal)) && !line.EndsWith(" 0", StringComparison.Ordinal));
            if (!busy || Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(10))
                return text;
        }
    }

    async Task Ended(HttpClient client, ObservedProcess worker)
    {
        for (var begun = Stopwatch.GetTimestamp(); ; await Task.Delay(50))
        {
            var state = JsonNode.Parse(await client.GetStringAsync($"/v1/experiments/{Experiment}"))!["experiment"]!["state"]!.GetValue<string>();
            if (state == "succeeded")
                return;
            if (state is "failed" or "cancelled" || Stopwatch.GetElapsedTime(begun) > Long)
                throw new InvalidOperationException($"the experiment is {state}:\n{worker.Printed}");
        }
    }
}
