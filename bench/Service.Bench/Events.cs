using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Metrics;

namespace KdRobust.Service.Bench;

/// <summary>From a commit to two hundred listeners, who also leave in the middle and come back.</summary>
static class Events
{
    const int Listeners = 200, Commits = 30;
    static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("events");
        await place.StartApi();
        await History.Ready(place, await History.Payload(place), 100, "events");
        var spread = await Follow(place, 20);
        var crowd = await Follow(place, 1);
        return Outcome.Of(
            new { listeners = Listeners, commits_of_each_job = Commits, spread, all_on_one_job = crowd },
            ("events_p50_ms", Figure.Most(spread.P50, "ms", 50, $"from the return of the commit of a metric to its arrival, {Listeners} listeners, ten at each of 20 jobs, each of which tells twice a second as a worker does")),
            ("events_p99_ms", Figure.Most(spread.P99, "ms", 250, "the same")),
            ("events_crowd_p50_ms", Figure.Most(crowd.P50, "ms", 50, $"the same with all {Listeners} listeners at one job")),
            ("events_crowd_p99_ms", Figure.Most(crowd.P99, "ms", 250, "the same")),
            ("events_wrong", Figure.Most(spread.Wrong + crowd.Wrong, "messages", 0, "messages that a listener got not at all or twice, although each left once in the middle and came back with its Last-Event-ID")));
    }

    static async Task<Followed> Follow(Place place, int jobs)
    {
        var store = new JobStore(place.Database, new LeaseSettings { Lease = TimeSpan.FromHours(1) });
        var metrics = new MetricStore(place.Database);
        var leases = new List<JobLease>();
        for (var i = 0; i < jobs; i++) leases.Add((await store.TryClaimNext(new WorkerOffer("bench", 1, DeviceKind.Cpu)))!.Lease);
        var committed = new ConcurrentDictionary<(Guid Job, int Number), long>();
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1000 };
        using var client = new HttpClient(handler) { BaseAddress = place.Address, Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.Authorization = new("Bearer", place.Key);
        using var ending = new CancellationTokenSource();
        var listeners = Enumerable.Range(0, Listeners).Select(i => new Listener(client, leases[i % jobs].JobId, leavesAfter: Commits / 3 + i % (Commits / 3))).ToList();
        var listening = listeners.Select(listener => listener.Listen(ending.Token)).ToList();
        await Task.WhenAll(listeners.Select(listener => listener.Connected));

        await Task.WhenAll(leases.Select(async (lease, i) =>
        {
            await Task.Delay(Every * i / jobs);
            for (var number = 0; number < Commits; number++)
            {
                if (!await metrics.Append(lease, [new MetricPoint(number, MetricSeries.TrainLoss, 0, number, number)])) throw new InvalidOperationException("the lease is gone");
                committed[(lease.JobId, number)] = Stopwatch.GetTimestamp();
                await Task.Delay(Every);
            }
        }));
        await Task.WhenAny(Task.WhenAll(listeners.Select(listener => listener.HasAll)), Task.Delay(TimeSpan.FromSeconds(10)));
        await ending.CancelAsync();
        await Task.WhenAll(listening);

        var lags = new List<double>();
        var wrong = 0;
        foreach (var listener in listeners)
        {
            foreach (var group in listener.Heard.GroupBy(heard => heard.Number))
            {
                wrong += group.Count() - 1;
                // While it was away nothing could reach it: what it made up for is told with the connection, not with the commit.
                if (!group.First().MadeUp) lags.Add(Math.Max(0, Stopwatch.GetElapsedTime(committed[(listener.Job, group.Key)], group.First().At).TotalMilliseconds));
            }
            wrong += Commits - listener.Heard.Select(heard => heard.Number).Distinct().Count();
        }
        Load.Say($"{jobs} jobs: p50 {Sample.Quantile(lags, 0.5):0.0} ms, p99 {Sample.Quantile(lags, 0.99):0.0} ms, {wrong} wrong of {Listeners * Commits}");
        return new(jobs, lags.Count, Figure.Rounded(Sample.Quantile(lags, 0.5)), Figure.Rounded(Sample.Quantile(lags, 0.99)), Figure.Rounded(lags.Max()), wrong);
    }

    sealed record Followed(int Jobs, int Messages, double P50, double P99, double Largest, int Wrong);

    sealed class Listener(HttpClient client, Guid job, int leavesAfter)
    {
        readonly TaskCompletionSource connected = new(TaskCreationOptions.RunContinuationsAsynchronously), all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Guid Job => job;
        public List<(int Number, long At, bool MadeUp)> Heard { get; } = [];
        public Task Connected => connected.Task;
        public Task HasAll => all.Task;

        public async Task Listen(CancellationToken ct)
        {
            var (last, left) = ("", false);
            try
            {
                while (true)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/events?topics=job:{job}");
                    if (last.Length > 0) request.Headers.Add("Last-Event-ID", last);
                    using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
                    response.EnsureSuccessStatusCode();
                    await using var body = await response.Content.ReadAsStreamAsync(ct);
                    var madeUp = left;
                    await foreach (var message in SseParser.Create(body).EnumerateAsync(ct))
                    {
                        var now = Stopwatch.GetTimestamp();
                        connected.TrySetResult(); // The history is told first.
                        last = message.EventId ?? last;
                        if (message.EventType == "metrics")
                        {
                            using var document = JsonDocument.Parse(message.Data);
                            foreach (var metric in document.RootElement.GetProperty("metrics").EnumerateArray()) Heard.Add((metric.GetProperty("value").GetDouble() is var value ? (int)value : 0, now, madeUp));
                            if (Heard.Count >= Commits) all.TrySetResult();
                            madeUp = false;
                        }
                        if (!left && Heard.Count >= leavesAfter) break;
                    }
                    left = true;
                }
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return; // All has been told.
            }
            catch (Exception error)
            {
                connected.TrySetException(error);
                throw;
            }
        }

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{job}: {Heard.Count}");
    }
}
