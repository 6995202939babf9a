namespace KdRobust.Service.Bench;

/// <summary>From the death of a worker, or its orderly end, to the start of its job elsewhere.</summary>
static class TakeOver
{
    const int Lease = 3, Times = 3;

    // Between two sweeps of the reaper: a twelfth of the lease.
    const double Sweep = Lease / 12.0;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("take_over");
        await place.StartApi(Lease);
        var (killed, drained) = (new List<double>(), new List<double>());
        for (var i = 0; i < Times; i++)
        {
            killed.Add(await Once(place, $"killed-{i}", "KILL"));
            drained.Add(await Once(place, $"drained-{i}", "TERM"));
            Load.Say($"taken over {killed[^1]:0.00} s after kill -9, {drained[^1]:0.00} s after a drain");
        }
        return Outcome.Of(
            new { lease_seconds = Lease, sweep_seconds = Sweep, after_kill_s = killed.Select(Figure.Rounded), after_drain_s = drained.Select(Figure.Rounded) },
            ("take_over_kill_s", Figure.Most(killed.Max(), "s", Lease + Sweep + 2, $"from kill -9 of a worker's supervisor to its job's next start, the longest of {Times}; at most the lease of {Lease} s, a sweep and 2 s")),
            ("take_over_drain_s", Figure.Most(drained.Max(), "s", 2, $"from SIGTERM to the job's next start elsewhere, the longest of {Times}")));
    }

    static async Task<double> Once(Place place, string name, string signal)
    {
        var work = new SimulatedWork(600, StepMilliseconds: 100);
        await using var holder = await place.StartWorker(name + "-holder", 1, work, Lease);
        using var wire = await place.Connect();
        var job = Specs.JobOf(await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201));
        await Place.Until(async () => await place.Value<bool>($"SELECT state = 'Running' FROM job WHERE id = '{job}'"), 30);
        await using var successor = await place.StartWorker(name + "-successor", 1, work, Lease);
        // Heartbeats come every sixth of a lease: wherever between two of them we are is chance.
        var now = await place.Value<DateTime>("SELECT clock_timestamp()");
        await holder.Signal(signal);
        await Place.Until(async () => await place.Value<long>($"SELECT count(*) FROM job_event WHERE job_id = '{job}' AND to_state = 'Running'") == 2, 60);
        var taken = await place.Value<DateTime>($"SELECT max(at) FROM job_event WHERE job_id = '{job}' AND to_state = 'Running'");
        await wire.Text(wire.Request("POST", $"/v1/jobs/{job}/cancel"), 200);
        await Place.Until(async () => await place.Value<bool>($"SELECT state = 'Cancelled' FROM job WHERE id = '{job}'"), 30);
        return (taken - now).TotalSeconds;
    }
}
