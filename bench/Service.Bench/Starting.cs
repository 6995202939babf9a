using System.Globalization;

namespace KdRobust.Service.Bench;

/// <summary>From a job's commit to its start by one of sixteen idle slots, with the wake-up and without.</summary>
static class Starting
{
    const int Slots = 16, Told = 150, Untold = 10;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("start");
        await place.StartApi();
        var payload = await History.Payload(place);
        await place.Run("UPDATE job SET state = 'Cancelled', reason = 'bench', finished_at = clock_timestamp()");
        Load.Say($"starting a worker of {Slots} slots");
        await place.StartWorker("bench-start", Slots, new SimulatedWork(0.02));
        using var wire = await place.Connect();
        for (var i = -10; i < Told; i++)
        {
            // The first ones warm up. A pause that differs each time meets no timer in the same phase always.
            if (i == 0) await place.Run("UPDATE experiment SET name = 'warm'");
            await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201);
            await AllEnded(place); // The slots are idle when the next one comes.
            await Task.Delay(TimeSpan.FromMilliseconds(10 + (37 * (i + 10) % 40)));
        }
        var told = await place.Column<double>(Waits("EXISTS (SELECT 1 FROM experiment_job use JOIN experiment e ON e.id = use.experiment_id WHERE use.job_id = job.id AND e.name <> 'warm')"));

        for (var i = 0; i < Untold; i++)
        {
            // No trigger runs, so nobody is told: as if the notification had been lost on its way.
            await place.Run(string.Create(CultureInfo.InvariantCulture, $$"""
                BEGIN;
                SET LOCAL session_replication_role = replica;
                INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count, lane, results_version)
                SELECT gen_random_uuid(), 'untold', kind, name, 'untold{{i}}', payload, threads, device, 0, 'Queued', 'submitted', 0, 0, 0, 5, 0, lane, results_version FROM job LIMIT 1;
                COMMIT;
                """));
            await Place.Until(async () => await place.Value<long>("SELECT count(*) FROM job WHERE owner = 'untold' AND started_at IS NULL") == 0, 30);
            await Task.Delay(TimeSpan.FromMilliseconds(173 * i % 900));
        }
        await AllEnded(place);
        var untold = await place.Column<double>(Waits("owner = 'untold'"));
        return Outcome.Of(
            new { slots = Slots, jobs = told.Count, p50_ms = Figure.Rounded(Sample.Quantile(told, 0.5)), p99_ms = Figure.Rounded(Sample.Quantile(told, 0.99)), largest_ms = Figure.Rounded(told.Max()), untold_ms = untold.Select(Figure.Rounded) },
            ("start_p50_ms", Figure.Most(Sample.Quantile(told, 0.5), "ms", 20, "from a job's row (written before its commit) to its claim by one of 16 idle slots, both by the database's clock")),
            ("start_p99_ms", Figure.Most(Sample.Quantile(told, 0.99), "ms", 100, $"the same, of {told.Count} jobs")),
            ("start_untold_s", Figure.Most(untold.Max() / 1000, "s", 2, $"the longest of {untold.Count} jobs whose notification never came")));
    }

    static string Waits(string which) =>
        $"SELECT extract(epoch FROM (SELECT min(at) FROM job_event line WHERE line.job_id = job.id AND line.to_state = 'Running') - created_at)::float8 * 1000 FROM job WHERE state = 'Succeeded' AND {which}";

    static Task AllEnded(Place place) => Place.Until(async () => await place.Value<long>("SELECT count(*) FROM job WHERE finished_at IS NULL") == 0, 60);
}
