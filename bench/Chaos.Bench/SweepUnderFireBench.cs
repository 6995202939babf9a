namespace KdRobust.Chaos.Bench;

/// <summary>A sweep of real trainings over four workers of which one is killed every 20 s, against the same sweep undisturbed.</summary>
static class SweepUnderFireBench
{
    const int Workers = 4;
    static readonly TimeSpan KillEvery = TimeSpan.FromSeconds(20);

    internal static async Task<(object Report, bool Within)> Run(int points)
    {
        var before = Machine.LoadAverage();
        var sweep = new SweepUnderFire(Program.Assembly, points, Workers, Program.Say);
        var undisturbed = await sweep.Compute(killEvery: null);
        var underFire = await sweep.Compute(KillEvery);
        var equal = undisturbed.Points.Keys.Count(point => underFire.Points.TryGetValue(point, out var found) && found == undisturbed.Points[point]);
        var within = undisturbed.Points.Count == points && equal == points && underFire.Kills > 0;
        return (new
        {
            Bench = "sweep-under-fire",
            Measure = $"a sweep of {points} trainings (WRN-10-1 with colored noise on 100 synthetic images, each with its own learning rate), computed twice from nothing by {Workers} workers of one thread, the second time with a worker killed (SIGKILL to the supervisor) every {KillEvery.TotalSeconds} s and started again; leases of 3 s. Equal: final loss and accuracy, every stored number of every step, and the SHA-256 of the stored weights, all as text",
            Command = FormattableString.Invariant($"./kdr bench sweep-under-fire --points {points} --json"),
            Machine = Machine.Kind,
            Machine.Cpu,
            Dotnet = Environment.Version.ToString(),
            LoadAverageBefore = before,
            LoadAverage = Machine.LoadAverage(),
            Points = points,
            Equal = equal,
            Different = undisturbed.Points.Keys.Where(point => underFire.Points.GetValueOrDefault(point) != undisturbed.Points[point]).Take(10),
            Undisturbed = Summary(undisturbed),
            UnderFire = Summary(underFire),
            Within = within,
        }, within);
    }

    static object Summary(SweepOutcome outcome) => new { Seconds = Math.Round(outcome.Seconds, 1), Ended = outcome.Points.Count, outcome.Kills, outcome.Claims, TakenFromSilentWorkers = outcome.Reaped };
}
