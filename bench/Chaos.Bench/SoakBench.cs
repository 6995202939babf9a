using System.Diagnostics;
using System.Net.Http.Headers;
using KdRobust.ActionWorker;
using KdRobust.Chaos.Service;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Tests.Arrange;

namespace KdRobust.Chaos.Bench;

/// <summary>Mixed load in peace for a long time: the memory of the API, of a supervisor and of a run process must not grow with it.</summary>
static class SoakBench
{
    const double Bound = 1.05;
    const int Listeners = 20, Readers = 2;
    static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(5), SubmitEvery = TimeSpan.FromSeconds(0.8);

    // What is asked again and again; {0} is the newest job.
    static readonly string[] Questions = ["/v1/jobs?limit=50", "/v1/experiments?limit=20", "/v1/workers", "/v1/queues", "/v1/jobs/{0}", "/v1/jobs/{0}/metrics?limit=500", "/v1/overview", "/metrics"];

    internal static async Task<(object Report, bool Within)> Run(double minutes)
    {
        var before = Machine.LoadAverage();
        var settings = new ArenaSettings { Assembly = Program.Assembly, Workers = 2, Replicas = 1, Lease = 60, Drain = 10, OwnHosts = false, Say = Program.Say };
        await using var arena = await Arena.Start(settings);
        await arena.Ensure(() => (2, TimeSpan.Zero));
        await arena.Until("both workers are seen", async () => await arena.Database.Scalar<long>("SELECT count(*) FROM worker") == settings.Workers, 120);
        using var person = new Person(arena.Replicas, TimeSpan.FromSeconds(30));
        using var over = new CancellationTokenSource(TimeSpan.FromMinutes(minutes));
        var load = new Load(arena, person);
        var begun = Stopwatch.GetTimestamp();
        Task[] loading = [load.Submit(over.Token), .. Enumerable.Range(0, Readers).Select(number => load.Read(number, over.Token)), .. Enumerable.Range(0, Listeners).Select(_ => load.Listen(over.Token))];
        var samples = new List<Memory>();
        while (!over.IsCancellationRequested)
        {
            var worker = arena.Places[0].Worker!;
            samples.Add(new Memory(
                Stopwatch.GetElapsedTime(begun).TotalMinutes, ProcessUse.ResidentMiB(arena.Replicas[0].Process!.Id) ?? 0, ProcessUse.ResidentMiB(worker.Id) ?? 0,
                worker.Children is [var run, ..] ? ProcessUse.ResidentMiB(run) ?? 0 : 0));
            if (samples.Count % 12 == 0)
                Program.Say(FormattableString.Invariant($"{samples[^1].Minutes:0.0} min: API {samples[^1].Api:0} MiB, supervisor {samples[^1].Supervisor:0}, run process {samples[^1].Run:0}; {load.Submitted} jobs, {load.Asked} requests"));
            await Task.Delay(SampleEvery, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(loading);
        var (api, supervisor, runProcess) = (Quarters(samples, sample => sample.Api), Quarters(samples, sample => sample.Supervisor), Quarters(samples, sample => sample.Run));
        var within = ((double[][])[api, supervisor, runProcess]).All(quarters => quarters[3] <= Bound * quarters[1]);
        return (new
        {
            Bench = "soak",
            Measure = $"resident memory in MiB (VmRSS) every {SampleEvery.TotalSeconds} s under mixed load without faults: a job of 5 to 40 epochs every {SubmitEvery.TotalSeconds} s over HTTP (scripted runs, real checkpoints and metrics; one in ten cancelled, paused and resumed), {Readers} clients that read lists, jobs, metrics, overview and /metrics without pause, {Listeners} event streams of which each is left and followed anew every minute; 1 replica, 2 workers. Medians of the quarters; the last over the second must keep the bound for each process",
            Command = FormattableString.Invariant($"./kdr bench soak --minutes {minutes} --json"),
            Machine = Machine.Kind,
            Machine.Cpu,
            Dotnet = Environment.Version.ToString(),
            LoadAverageBefore = before,
            LoadAverage = Machine.LoadAverage(),
            Minutes = minutes,
            JobsSubmitted = load.Submitted,
            JobsEnded = await arena.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NOT NULL"),
            Requests = load.Asked,
            Refused = load.Refused,
            Events = load.Heard,
            Bound,
            Within = within,
            QuarterMedians = new { Api = api, Supervisor = supervisor, RunProcess = runProcess },
            LastOverSecond = new { Api = Ratio(api), Supervisor = Ratio(supervisor), RunProcess = Ratio(runProcess) },
            SlopeMibPerHourAfterFirstQuarter = new { Api = Slope(samples, sample => sample.Api), Supervisor = Slope(samples, sample => sample.Supervisor), RunProcess = Slope(samples, sample => sample.Run) },
        }, within);
    }

    sealed record Memory(double Minutes, double Api, double Supervisor, double Run);

    static double[] Quarters(List<Memory> samples, Func<Memory, double> which) =>
        [.. samples.Chunk((samples.Count + 3) / 4).Select(quarter => Math.Round(Sample.Median(quarter.Select(which)), 1))];

    static double Ratio(double[] quarters) => Math.Round(quarters[3] / quarters[1], 4);

    static double Slope(List<Memory> samples, Func<Memory, double> which) =>
        Math.Round(60 * Sample.Slope([.. samples.Skip(samples.Count / 4).Select(sample => (sample.Minutes, which(sample)))]), 2);

    /// <summary>Clients of every kind.</summary>
    sealed class Load(Arena arena, Person person)
    {
        readonly Random dice = new(1);
        Guid newest;
        int submitted, asked, refused;
        long heard;

        internal int Submitted => submitted;
        internal int Asked => asked;
        internal int Refused => refused;
        internal long Heard => Interlocked.Read(ref heard);

        internal async Task Submit(CancellationToken over)
        {
            while (!over.IsCancellationRequested)
            {
                var seed = Specs.NewSeed();
                new ActionScript(dice.Next(5, 40), MillisecondsPerEpoch: dice.Next(5, 40), CheckpointBytes: dice.Next(64, 100_000)).Write(arena.Data, seed);
                if (Count(await person.Ask(HttpMethod.Post, "/v1/experiments", System.Text.Json.JsonSerializer.Serialize(Specs.OneJob(seed), SpecJson.Options))) is { IsYes: true } answer)
                {
                    submitted++;
                    var detail = await person.Ask(HttpMethod.Get, $"/v1/experiments/{answer.Body!["experiment"]!["id"]!.GetValue<Guid>()}");
                    newest = detail.Body!["jobs"]![0]!["job"]!["id"]!.GetValue<Guid>();
                    if (submitted % 30 == 0)
                        Count(await person.Ask(HttpMethod.Post, $"/v1/jobs/{newest}/cancel"), mayBeLate: true);
                    else if (submitted % 15 == 0)
                    {
                        foreach (var verb in (string[])["pause", "resume"])
                            Count(await person.Ask(HttpMethod.Post, $"/v1/jobs/{newest}/{verb}"), mayBeLate: true);
                    }
                }
                await Task.Delay(SubmitEvery, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        internal async Task Read(int number, CancellationToken over)
        {
            for (var turn = number; !over.IsCancellationRequested; turn++)
            {
                if (newest != Guid.Empty)
                    Count(await person.Ask(HttpMethod.Get, string.Format(System.Globalization.CultureInfo.InvariantCulture, Questions[turn % Questions.Length], newest)));
                await Task.Delay(100, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        internal async Task Listen(CancellationToken over)
        {
            using var client = new HttpClient { BaseAddress = arena.Replicas[0].Address, Timeout = Timeout.InfiniteTimeSpan };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(arena.Replicas[0].KeyFile, over)).Trim());
            while (!over.IsCancellationRequested)
            {
                using var minute = CancellationTokenSource.CreateLinkedTokenSource(over);
                minute.CancelAfter(TimeSpan.FromMinutes(1));
                try
                {
                    using var reader = new StreamReader(await client.GetStreamAsync(newest == Guid.Empty ? "/v1/events?topics=overview" : $"/v1/events?topics=overview,job:{newest}", minute.Token));
                    while (await reader.ReadLineAsync(minute.Token) is not null)
                        Interlocked.Increment(ref heard);
                }
                catch (Exception error) when (error is OperationCanceledException or HttpRequestException or IOException)
                {
                    await Task.Delay(200, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }

        Answer Count(Answer answer, bool mayBeLate = false)
        {
            Interlocked.Increment(ref asked);
            if (!answer.IsYes && !mayBeLate)
                Interlocked.Increment(ref refused);
            return answer;
        }
    }
}
