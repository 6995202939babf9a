using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Service;

namespace KdRobust.Chaos.Bench;

/// <summary>Every fault there is, for as long as one likes; no promise may be broken.</summary>
static class ChaosBench
{
    static readonly TimeSpan Between = TimeSpan.FromSeconds(0.5);

    // Chunks of resume points that were replaced stay for an hour: some 3 MiB a second here, and the disk is to be full only when a fault fills it.
    const int MiBAMinute = 200;

    internal static async Task<(object Report, bool Within)> Run(double minutes, int seed)
    {
        var before = Machine.LoadAverage();
        var settings = new ArenaSettings { Assembly = Program.Assembly, Workers = 4, Replicas = 2, DatabaseMiB = 1500 + (int)(MiBAMinute * minutes), Say = Program.Say };
        await using var arena = await Arena.Start(settings);
        using var run = new ChaosRun(arena);
        var report = await run.Run(seed, TimeSpan.FromMinutes(minutes), Between);
        var within = report.Violations.Count == 0 && report.Ended == report.States.Values.Sum();
        if (!within)
            Program.Say(report.Text);
        return (new
        {
            Bench = "chaos",
            Measure = "jobs of scripted runs with real checkpoints and metrics, submitted (while fewer than 100 are open) and changed over HTTP to 2 replicas, computed by 4 workers (supervisor and run processes; every second on a machine of its own made of namespaces) over a PostgreSQL with durable settings, leases of 3 s, while faults of a seeded schedule strike beside each other; then peace, in which what failed for good is tried again; then everything is read from the tables. jobs: accepted, also where the answer was lost on the way; lost: accepted and not there, not ended, or failed though nothing is wrong with them; doubled: a second end of a life, a second claim or number; stale_writes: writes under a fence that was not the newest; all must be 0, and every number an undisturbed run's",
            Command = FormattableString.Invariant($"./kdr bench chaos --minutes {minutes} --seed {seed} --json"),
            Machine = Machine.Kind,
            Machine.Cpu,
            Dotnet = Environment.Version.ToString(),
            Postgres = await arena.Value<string>("SELECT current_setting('server_version')"),
            Kernel = Environment.OSVersion.Version.ToString(),
            LoadAverageBefore = before,
            LoadAverage = Machine.LoadAverage(),
            seed,
            Seconds = Math.Round(report.Seconds, 1),
            LeaseSeconds = settings.Lease,
            Jobs = report.States.Values.Sum(),
            report.Ended,
            JobsOfAnsweredSubmissions = report.Jobs,
            Lost = report.Broken(Promise.NothingIsLost),
            Doubled = report.Broken(Promise.NothingIsDoubled),
            StaleWrites = report.Broken(Promise.NoStaleWrite),
            Disobeyed = report.Broken(Promise.PeopleAreObeyed),
            WrongNumbers = report.Broken(Promise.TheNumbersAreRight),
            report.States,
            report.Claims,
            TakenFromSilentWorkers = report.Reaped,
            FailedForGoodBeforePeace = report.FailedInBetween,
            DamagedCheckpointsNoticed = report.DamageNoticed,
            GaveUpAtTheirStart = report.Deaths,
            Crashed = report.Broken(Promise.NobodyCrashes),
            WorkersStarted = arena.Places.Sum(place => place.Started),
            report.Faults,
            NotPossibleHere = report.NotHere,
            Violations = report.Violations.Select(violation => violation.ToString()),
            Within = within,
        }, within);
    }
}
