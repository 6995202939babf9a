using System.Collections.Concurrent;
using System.Diagnostics;
using KdRobust.Chaos.Checks;
using KdRobust.Chaos.Faults;
using KdRobust.Chaos.Service;

namespace KdRobust.Chaos;

/// <summary>
/// Lets a schedule of faults loose on a service at work, then makes peace, waits until everything has ended and reads the
/// tables. The schedule is repeatable; what it meets is not: that is its use.
/// </summary>
public sealed class ChaosRun : IDisposable
{
    // Without anything's end. Long enough for every retry's wait, with the machine's other work.
    static readonly TimeSpan Peace = TimeSpan.FromSeconds(240);

    // With these a program says in a sentence why it gives up.
    static readonly int[] Sentences = [1, 7];

    readonly Arena arena;
    readonly Ledger ledger = new();
    readonly Person person;
    readonly Requests requests;
    readonly IReadOnlyList<Fault> faults;
    readonly ConcurrentDictionary<string, int> struck = new(StringComparer.Ordinal);
    readonly ConcurrentQueue<string> told = new();
    readonly ConcurrentQueue<Violation> unforeseen = new();

    /// <param name="arena">The service; afterwards it is switched off.</param>
    public ChaosRun(Arena arena)
    {
        this.arena = arena;
        person = new Person(arena.Replicas, TimeSpan.FromSeconds(20));
        requests = new Requests(arena, ledger, person);
        faults = [.. requests.All(), .. ProcessFaults.Of(arena), .. NetworkFaults.Of(arena), .. ServerFaults.Of(arena)];
    }

    /// <summary>Runs it.</summary>
    /// <param name="seed">Of the schedule.</param>
    /// <param name="duration">How long faults strike.</param>
    /// <param name="between">Mean time between two.</param>
    public async Task<ChaosReport> Run(int seed, TimeSpan duration, TimeSpan between)
    {
        var here = faults.Where(fault => fault.Missing is null).ToDictionary(fault => fault.Name, StringComparer.Ordinal);
        var planned = FaultSchedule.Draw(seed, duration, [.. here.Values.Select(fault => (fault.Name, fault.Weight))], between);
        var begun = Stopwatch.GetTimestamp();
        using var over = new CancellationTokenSource();
        var keeping = Keep(new Random(seed + 1), over.Token);
        var striking = new List<Task>();
        foreach (var fault in planned)
        {
            if (fault.At - Stopwatch.GetElapsedTime(begun) is { Ticks: > 0 } wait)
                await Task.Delay(wait);
            striking.Add(Strike(here[fault.Fault], fault, begun));
        }
        await Task.WhenAll(striking);
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        arena.Settings.Say("peace");
        try
        {
            return await Settle(seed, seconds, over, keeping);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}\n\nseed {seed}, the schedule that led there:\n{string.Join('\n', told)}", late);
        }
    }

    async Task<ChaosReport> Settle(int seed, double seconds, CancellationTokenSource over, Task keeping)
    {
        foreach (var place in arena.Places)
            await place.Heal();
        await AllEnded();
        var reasons = await arena.Steadily(async () => await arena.Database.Scalar<string[]>("SELECT array_agg(id || ': ' || reason ORDER BY seq) FROM job WHERE state = 'Failed'")) ?? [];
        var failed = await arena.Steadily(async () => await arena.Database.Scalar<Guid[]>("SELECT array_agg(id ORDER BY seq) FROM job WHERE state = 'Failed'")) ?? [];
        // A person who sees them would: in peace nothing is wrong with them.
        foreach (var job in failed)
            await requests.Retry(job, fromScratch: false);
        await AllEnded();
        await over.CancelAsync();
        await keeping;
        await arena.SwitchOff();
        arena.Settings.Say("reading the tables");

        var states = await arena.Value<string>("SELECT coalesce(json_object_agg(state, n), '{}')::text FROM (SELECT state, count(*) AS n FROM job GROUP BY state) s");
        return new ChaosReport(
            seed, seconds, ledger.Jobs.Count, System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, long>>(states!)!,
            await arena.Value<long>("SELECT count(*) FROM job_event WHERE to_state = 'Running' AND from_state = 'Queued'"),
            await arena.Value<long>("SELECT count(*) FROM job_event WHERE from_state = 'Running' AND reason LIKE '%worker % was not heard of%'"), reasons,
            await arena.Value<long>("SELECT count(*) FROM witnessed_damage"),
            [.. arena.Deaths.Select(death => $"{death.Who} ended with {death.ExitCode}: {death.Said.Split('\n')[^1]}")], struck.OrderBy(fault => fault.Key, StringComparer.Ordinal).ToDictionary(), faults.Where(fault => fault.Missing is not null).ToDictionary(fault => fault.Name, fault => fault.Missing!),
            [.. await HistoryCheck.Read(arena.Database, ledger), .. unforeseen, .. arena.Deaths.Where(death => !Sentences.Contains(death.ExitCode)).Select(death => new Violation(Promise.NobodyCrashes, null, $"{death.Who} ended with {death.ExitCode}:\n{death.Said}"))],
            [.. told]);
    }

    async Task AllEnded()
    {
        var (fewest, since) = (long.MaxValue, Stopwatch.GetTimestamp());
        for (; ; await Task.Delay(500))
        {
            await requests.ResumeAll();
            var open = await arena.Value<long>("SELECT count(*) FROM job WHERE state NOT IN ('Succeeded', 'Failed', 'Cancelled')");
            if (open == 0)
                return;
            if (open < fewest)
                (fewest, since) = (open, Stopwatch.GetTimestamp());
            if (Stopwatch.GetElapsedTime(since) > Peace)
                throw new TimeoutException($"after {Peace.TotalSeconds} s of peace without an end of any these have not ended:\n{await arena.Value<string>("SELECT string_agg(id || ' ' || name || ' ' || state || ' fence ' || fence || ' attempt ' || attempt || ' not before ' || not_before || ' (' || reason || ')', E'\\n') FROM job WHERE state NOT IN ('Succeeded', 'Failed', 'Cancelled')")}\n{arena.Printed}");
        }
    }

    async Task Strike(Fault fault, PlannedFault planned, long begun)
    {
        // Faults strike beside each other, as they do.
        string? what;
        try
        {
            what = await Task.Run(() => fault.Strike(new Random(planned.Seed)));
        }
        catch (Exception error)
        {
            what = $"{error.GetType().Name}: {error.Message}";
            unforeseen.Enqueue(new Violation(Promise.NobodyCrashes, null, $"{planned}: {error}"));
        }
        if (what is not null)
            struck.AddOrUpdate(fault.Name, 1, (_, times) => times + 1);
        var line = FormattableString.Invariant($"{planned}: {what ?? "nothing to do it to"} (until {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s)");
        told.Enqueue(line);
        arena.Settings.Say(line);
    }

    /// <summary>Starts again what has died, as whoever runs a service would; every third worker has a wrong clock.</summary>
    async Task Keep(Random dice, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var skewed = await arena.Ensure(() => (dice.Next(1, 3), TimeSpan.FromMinutes(dice.Next(6) switch { 0 => 10, 1 => -10, _ => 0 })));
            if (skewed > 0)
                struck.AddOrUpdate("clock-skew", skewed, (_, times) => times + skewed);
            await Task.Delay(300, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => person.Dispose();
}
