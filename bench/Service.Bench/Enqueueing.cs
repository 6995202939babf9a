using System.Diagnostics;

namespace KdRobust.Service.Bench;

/// <summary>Jobs into the queue over HTTP, one a request, a hundred a request, and ten thousand at once.</summary>
static class Enqueueing
{
    const int Callers = 8, Bulk = 100, Large = 10_000;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("enqueue");
        await place.StartApi();
        await place.Run(Pgbench.Table);
        var wires = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => place.Connect()));
        // A service that has just started still compiles itself: what counts is how it goes on.
        await Submit(2 * load.Seconds);
        await Sweeps(load.Seconds);
        var payload = await place.Value<string>("SELECT payload::text FROM job LIMIT 1");

        // What nobody could do better: one raw row a request with no key, no spec and no promise; and our rows without the service.
        await place.Run($"CREATE TABLE raw_payload AS SELECT '{payload}'::jsonb AS payload");
        var floor = await place.StartFloor();
        var bare = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Wire.Connect(floor, null)));
        var one = bare[0].Request("POST", "/row", "{}");
        await using var rowsOnly = await load.Place("enqueue_rows");
        var spec = Specs.Experiment(Specs.NextSeed()).Replace("\n", " ", StringComparison.Ordinal);
        await Bare(load.Seconds);

        var (overHttp, ourRows, ourBulkRows) = (new List<double>(), new List<double>(), new List<double>());
        var (rows, bulks) = (new List<object>(), new List<object>());
        var (raw, ours, rawBulk, ourBulk) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < load.Rounds; round++)
        {
            raw.Add(await Pgbench.Run(place.ConnectionString, Pgbench.InsertOne(payload), Callers, load.Seconds));
            overHttp.Add((await Bare(load.Seconds)).Rate);
            ourRows.Add(await Pgbench.Run(rowsOnly.ConnectionString, Pgbench.InsertOurRows(payload, spec, 1), Callers, load.Seconds));
            var before = await Cpu.Now(place);
            var (rate, took) = await Submit(load.Seconds);
            var cpu = (await Cpu.Now(place)).Since(before, took.Count);
            ours.Add(rate);
            rawBulk.Add(Bulk * await Pgbench.Run(place.ConnectionString, Pgbench.InsertHundred(payload), Callers, load.Seconds));
            ourBulkRows.Add(Bulk * await Pgbench.Run(rowsOnly.ConnectionString, Pgbench.InsertOurRows(payload, spec, Bulk), Callers, load.Seconds));
            before = await Cpu.Now(place);
            var (sweepRate, swept) = await Sweeps(load.Seconds);
            var sweepCpu = (await Cpu.Now(place)).Since(before, swept.Count * Bulk);
            ourBulk.Add(Bulk * sweepRate);
            rows.Add(new { raw = Figure.Rounded(raw[^1]), raw_row_over_http = Figure.Rounded(overHttp[^1]), our_rows_by_pgbench = Figure.Rounded(ourRows[^1]), ours = Figure.Rounded(rate), p99_ms = Figure.Rounded(Sample.Quantile(took, 0.99)), cpu_ms_a_job = cpu });
            bulks.Add(new { raw = Figure.Rounded(rawBulk[^1]), our_rows_by_pgbench = Figure.Rounded(ourBulkRows[^1]), ours = Figure.Rounded(ourBulk[^1]), cpu_ms_a_job = sweepCpu });
            Load.Say($"round {round + 1} of {load.Rounds}: {raw[^1]:0} rows/s raw, {overHttp[^1]:0} of them over HTTP, {ourRows[^1]:0} of our rows by pgbench, {ours[^1]:0} jobs/s over HTTP; by the hundred {rawBulk[^1]:0}, {ourBulkRows[^1]:0} and {ourBulk[^1]:0}; CPU ms a job {cpu}, {sweepCpu}");
        }
        await place.Run("VACUUM ANALYZE job");
        var sweeps = new List<double>();
        for (var i = 0; i < 3; i++)
        {
            var request = wires[0].Request("POST", "/v1/sweeps", Specs.Sweep(Large));
            var begun = Stopwatch.GetTimestamp();
            await wires[0].Text(request, 201);
            sweeps.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }
        foreach (var wire in wires.Concat(bare)) wire.Dispose();
        return Outcome.Of(
            new
            {
                callers = Callers, payload_bytes = payload.Length, raw_row_over_http_over_raw = Figure.Rounded(Sample.Median(overHttp) / Sample.Median(raw)), our_rows_by_pgbench_over_raw = Figure.Rounded(Sample.Median(ourRows) / Sample.Median(raw)),
                our_rows_by_the_hundred_over_raw = Figure.Rounded(Sample.Median(ourBulkRows) / Sample.Median(rawBulk)),
                jobs_per_second = rows, jobs_per_second_by_the_hundred = bulks, large_sweep_seconds = sweeps.Select(Figure.Rounded),
            },
            ("enqueue", Figure.Least(Sample.Median(ours) / Sample.Median(raw), "of raw", 0.5, $"POST /v1/experiments of one job each, {Callers} callers with one key, over pgbench's prepared INSERT of one row with the same payload, {Callers} clients")),
            ("enqueue_bulk", Figure.Least(Sample.Median(ourBulk) / Sample.Median(rawBulk), "of raw", 0.25, $"POST /v1/sweeps of {Bulk} jobs each, {Callers} callers, jobs over rows of pgbench's INSERT of {Bulk} rows")),
            ("large_sweep_s", Figure.Most(Sample.Median(sweeps), "s", 5, "one POST /v1/sweeps of 10,000 jobs until its answer, median of 3"))).WithRatios("enqueue", "enqueue_bulk");

        Task<(double Rate, IReadOnlyList<double>)> Bare(double seconds) => Clients.Work(Callers, seconds, async client =>
        {
            await bare[client].Text(one, 200);
            return true;
        });

        Task<(double Rate, IReadOnlyList<double>)> Submit(double seconds) => Clients.Work(Callers, seconds, async client =>
        {
            await wires[client].Text(wires[client].Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201);
            return true;
        });

        Task<(double Rate, IReadOnlyList<double>)> Sweeps(double seconds) => Clients.Work(Callers, seconds, async client =>
        {
            await wires[client].Text(wires[client].Request("POST", "/v1/sweeps", Specs.Sweep(Bulk)), 201);
            return true;
        });
    }
}
