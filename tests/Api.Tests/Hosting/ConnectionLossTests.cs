using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using KdRobust.Api.Hosting;
using KdRobust.Api.Tests.Events;
using KdRobust.Api.Tests.Host;
using KdRobust.Api.Tests.Samples;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Metrics;
using KdRobust.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace KdRobust.Api.Tests.Hosting;

/// <summary>The network between the API and its database fails in every way; the rows are changed from the other side.</summary>
public sealed class ConnectionLossTests : IAsyncLifetime
{
    TestDatabase? database;
    DatabaseProxy? network;
    WebApplication? app;
    HttpClient client = new();

    public async Task InitializeAsync()
    {
        if (new PostgresFactAttribute().Skip is not null) return;
        database = await (await PostgresCluster.Shared).CreateDatabase();
        network = DatabaseProxy.Start(database.ConnectionString);
        var options = new ApiOptions { Database = network.ConnectionString, Listen = new(IPAddress.Loopback, 0), KeepAlive = TimeSpan.FromMilliseconds(300) };
        app = ApiApplication.Build(options);
        var address = await ApiProcess.Start(app, options);
        var key = ApiKeyStore.NewKey();
        await app.Services.GetRequiredService<ApiKeyStore>().Add(key, "ada", ApiKeyRole.Submitter, "test");
        client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    public async Task DisposeAsync()
    {
        client.Dispose();
        if (app is not null) await app.DisposeAsync();
        if (network is not null) await network.DisposeAsync();
        if (database is not null) await database.DisposeAsync();
    }

    [PostgresFact]
    public async Task Submissions_under_a_storm_of_cuts_are_answered_or_refused_and_each_is_stored_once()
    {
        using var calm = new CancellationTokenSource();
        var cuts = 0;
        var storm = Task.Run(async () =>
        {
            for (; !calm.IsCancellationRequested; await Task.Delay(25))
                cuts += network!.Cut();
        });
        var specs = Enumerable.Range(0, 24).Select(_ => SmallSpec.Unique()).ToList();
        var refused = 0;
        await Parallel.ForEachAsync(specs, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (spec, ct) =>
        {
            // What a careful client does: the same request again until it is answered.
            for (var tries = 0; ; tries++)
            {
                // The storm lets up in time, as storms do.
                if (tries == 15) await calm.CancelAsync();
                using var response = await client.PostAsync("/v1/experiments", Answers.Json(spec), ct);
                if (response.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK) return;
                await response.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "database-away");
                Interlocked.Increment(ref refused);
            }
        });
        await calm.CancelAsync();
        await storm;
        cuts.ShouldBeGreaterThan(0);
        (await database!.Scalar<long>("SELECT count(*) FROM experiment")).ShouldBe(specs.Count, $"{cuts} connections cut, {refused} requests refused");
        (await database.Scalar<long>("SELECT count(*) FROM (SELECT experiment_id FROM experiment_job GROUP BY 1 HAVING count(*) <> (SELECT count(*) FROM job) / 24) torn")).ShouldBe(0);
    }

    [PostgresFact]
    public async Task A_silent_network_ends_in_a_refusal_within_seconds_and_the_next_request_works()
    {
        await client.SubmitSample();
        network!.Swallow();
        var begun = System.Diagnostics.Stopwatch.GetTimestamp();
        using (var response = await client.GetAsync("/v1/experiments"))
            await response.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "database-away");
        System.Diagnostics.Stopwatch.GetElapsedTime(begun).ShouldBeLessThan(TimeSpan.FromSeconds(60));
        network.Heal();
        await client.SubmitSample();
    }

    [PostgresFact]
    public async Task A_slow_network_is_slow_and_nothing_else()
    {
        network!.SlowDown(TimeSpan.FromMilliseconds(30));
        var id = await client.SubmitSample();
        network.Heal();
        (await client.GetJson($"/v1/experiments/{id}"))!["jobs"]!.AsArray().Count.ShouldBeGreaterThan(1);
    }

    [PostgresFact]
    public async Task A_listener_whose_stream_breaks_again_and_again_hears_everything_once()
    {
        var experiment = await client.SubmitSample();
        var direct = new JobStore(database!.DataSource, new LeaseSettings());
        var metrics = new MetricStore(database.DataSource);
        var job = (await direct.TryClaimNext(new WorkerOffer("w", 8, DeviceKind.Cpu)))!;
        var heard = new List<Heard>();
        using var done = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var streams = 0;
        var listening = Task.Run(async () =>
        {
            while (!heard.Any(message => message.IsState(job.Lease.JobId, "succeeded")))
            {
                Interlocked.Increment(ref streams);
                await Hear($"experiment:{experiment},job:{job.Lease.JobId}", heard, done.Token);
            }
        });
        for (var i = 0; i < 20; i++)
        {
            (await metrics.Append(job.Lease, [.. Enumerable.Range(i * 5, 5).Select(n => new MetricPoint(n, MetricSeries.TrainLoss, n, n, n))])).ShouldBeTrue();
            network!.Cut();
            if (i == 10) network.Refuse();
            if (i == 14)
            {
                // Nothing can be read any more, so the stream breaks, and comes back in vain until the network is whole.
                while (Volatile.Read(ref streams) < 3) await Task.Delay(20, done.Token);
                network.Heal();
            }
            await Task.Delay(40);
        }
        await direct.Complete(job.Lease, SampleResults.Of(job.Payload));
        await listening;
        heard.Steps().ShouldBe(Enumerable.Range(0, 100).Select(n => (long)n));
        heard.States(job.Lease.JobId).ShouldBe(["queued", "running", "succeeded"]);
    }

    /// <summary>One stream until it breaks; what is not told yet comes with the next.</summary>
    async Task Hear(string topics, List<Heard> heard, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events?topics={topics}");
        if (heard.LastOrDefault(message => message.Id is not null) is { } last) request.Headers.Add("Last-Event-ID", last.Id);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            await Task.Delay(50, ct);
            return;
        }
        response.EnsureSuccessStatusCode();
        try
        {
            await foreach (var item in SseParser.Create(await response.Content.ReadAsStreamAsync(ct)).EnumerateAsync(ct))
            {
                heard.Add(new Heard(item.EventType, item.EventId, JsonNode.Parse(item.Data)!));
                if (item.EventType == "state" && item.Data.Contains("succeeded", StringComparison.Ordinal)) return;
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // It broke in the middle.
        }
    }
}
