namespace KdRobust.Service.Bench;

/// <summary>How long a run is kept from its work by what it tells: numbers every step, and resume points of 160 MiB.</summary>
static class HeldUp
{
    const int Mebibytes = 160;
    const double EpochSeconds = 60;

    public static async Task<Outcome> Measure(Load load)
    {
        await using var place = await load.Place("held_up");
        await place.StartApi();
        var telling = await Run(place, "bench-telling", new SimulatedWork(20, StepMilliseconds: 20, PointsPerStep: 4));
        var storing = await Run(place, "bench-storing", new SimulatedWork(30, StepMilliseconds: 20, PointsPerStep: 1, Mebibytes, CheckpointEverySeconds: 6));
        var metrics = 100 * telling[SimulatedRuns.HeldByMetrics] / telling[SimulatedRuns.Seconds];
        var each = storing[SimulatedRuns.HeldByCheckpoints] / storing[SimulatedRuns.Checkpoints];
        return Outcome.Of(
            new { telling, storing, seconds_held_up_by_a_resume_point = Figure.Rounded(each) },
            ("metrics_stall_percent", Figure.Most(metrics, "%", 0.5, "share of a run's time in which the thread that computes tells four numbers a step of 20 ms")),
            ("checkpoint_stall_percent", Figure.Most(100 * each / EpochSeconds, "%", 1, $"time in which the thread that computes is kept by a resume point of {Mebibytes} MiB, over an epoch of {EpochSeconds} s: a network of that size takes longer for one")));
    }

    static async Task<Dictionary<string, double>> Run(Place place, string worker, SimulatedWork work)
    {
        await using var child = await place.StartWorker(worker, 1, work);
        using var wire = await place.Connect();
        var job = Specs.JobOf(await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201));
        await Place.Until(async () => await place.Value<bool>($"SELECT finished_at IS NOT NULL FROM job WHERE id = '{job}'"), work.Seconds + 120);
        var told = await place.Column<string>($"SELECT series || '=' || value FROM metric WHERE job_id = '{job}' AND series LIKE 'bench/%'");
        return told.Select(line => line.Split('=')).ToDictionary(pair => pair[0], pair => double.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture), StringComparer.Ordinal);
    }
}
