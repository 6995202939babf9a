using System.Diagnostics;

namespace KdRobust.Service.Bench;

/// <summary>Everything at once for a while: submissions, sweeps, reading, listening, two workers that tell and store. Memory must not grow.</summary>
static class MixedLoad
{
    const double Bound = 1.05;
    const int Listeners = 20;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("mixed");
        await place.StartApi();
        var work = new SimulatedWork(1, StepMilliseconds: 20, PointsPerStep: 2, CheckpointMebibytes: 1, CheckpointEverySeconds: 0.3);
        await using var worker = await place.StartWorker("bench-mixed-1", 2, work);
        await using var other = await place.StartWorker("bench-mixed-2", 2, work);
        using var ending = new CancellationTokenSource();
        var (posted, asked) = (0, 0);
        var newest = (Experiment: "", Job: Guid.Empty);
        List<Task> acting =
        [
            Act(0.7, async wire =>
            {
                var answer = await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201);
                using var document = System.Text.Json.JsonDocument.Parse(answer);
                newest = (document.RootElement.GetProperty("experiment").GetProperty("id").GetString()!, Specs.JobOf(answer));
                posted++;
            }),
            Act(10, wire => wire.Text(wire.Request("POST", "/v1/sweeps", Specs.Sweep(20)), 201)),
            .. Enumerable.Range(0, 2).Select(_ => Act(0.02, async wire =>
            {
                if (newest.Job == Guid.Empty) return;
                await wire.Text(wire.Request("GET", $"/v1/jobs/{newest.Job}"), 200);
                await wire.Text(wire.Request("GET", $"/v1/experiments/{newest.Experiment}"), 200);
                asked += 2;
            })),
            Act(0.2, wire => wire.Text(wire.Request("GET", "/v1/jobs?limit=100"), 200)),
            Act(1, wire => wire.Text(wire.Request("GET", "/v1/queues"), 200)),
        ];
        acting.AddRange(Enumerable.Range(0, Listeners).Select(_ => Listen()));
        var samples = new List<(double Seconds, double Api, double Supervisor)>();
        var begun = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(begun).TotalMinutes < load.Minutes)
        {
            await Task.Delay(500);
            samples.Add((Stopwatch.GetElapsedTime(begun).TotalSeconds, ProcessUse.ResidentMiB(place.Api.Id) ?? 0, ProcessUse.ResidentMiB(worker.Id) ?? 0));
        }
        await ending.CancelAsync();
        await Task.WhenAll(acting);
        double[] Quarters(Func<(double Seconds, double Api, double Supervisor), double> which) =>
            [.. samples.Select((sample, i) => (sample, i * 4 / samples.Count)).GroupBy(s => s.Item2).OrderBy(q => q.Key).Select(quarter => Math.Round(Sample.Median(quarter.Select(s => which(s.sample))), 1))];
        var (api, supervisor) = (Quarters(s => s.Api), Quarters(s => s.Supervisor));
        return Outcome.Of(
            new
            {
                minutes = load.Minutes, submitted = posted, asked, jobs_ended = await place.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NOT NULL"),
                failed = await place.Value<long>("SELECT count(*) FROM job WHERE state = 'Failed'"), listeners = Listeners, api_mib_by_quarter = api, supervisor_mib_by_quarter = supervisor,
            },
            ("mixed_api_memory", Figure.Most(api[3] / api[1], "times", Bound, "resident memory of the API, median of the last quarter over that of the second")),
            ("mixed_supervisor_memory", Figure.Most(supervisor[3] / supervisor[1], "times", Bound, "the same of a worker's supervisor")));

        async Task Act(double pauseSeconds, Func<Wire, Task> act)
        {
            using var wire = await place.Connect();
            while (!ending.IsCancellationRequested)
            {
                await act(wire);
                await Task.Delay(TimeSpan.FromSeconds(pauseSeconds), ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        // Follows the newest experiment for some seconds, then another.
        async Task Listen()
        {
            using var client = new HttpClient { BaseAddress = place.Address, Timeout = Timeout.InfiniteTimeSpan };
            client.DefaultRequestHeaders.Authorization = new("Bearer", place.Key);
            var buffer = new byte[16 << 10];
            while (!ending.IsCancellationRequested)
            {
                if (newest.Experiment.Length == 0)
                {
                    await Task.Delay(100);
                    continue;
                }
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                enough.CancelAfter(TimeSpan.FromSeconds(5));
                try
                {
                    using var response = await client.GetAsync(new Uri($"/v1/events?topics=experiment:{newest.Experiment}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, enough.Token);
                    await using var body = await response.Content.ReadAsStreamAsync(enough.Token);
                    while (await body.ReadAsync(buffer, enough.Token) > 0)
                    {
                    }
                }
                catch (OperationCanceledException)
                {
                    continue; // Time for another one.
                }
            }
        }
    }
}
