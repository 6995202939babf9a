using KdRobust.Chaos.Service;
using KdRobust.Support;

namespace KdRobust.Chaos.Faults;

/// <summary>Programs that die, stand still or are told to go.</summary>
static class ProcessFaults
{
    internal static IEnumerable<Fault> Of(Arena arena)
    {
        yield return new Fault("kill-run", 12, dice =>
        {
            var (place, runs) = AnyRuns(arena, dice);
            if (runs.Count == 0)
                return Nothing;
            ServiceProcess.Kill(runs[dice.Next(runs.Count)]);
            return Said($"killed a run process of {place!.Name}");
        });
        yield return new Fault("kill-supervisor", 10, async dice =>
        {
            if (Any(arena, dice) is not { } place)
                return null;
            await place.Worker!.Kill();
            return $"killed {place.Name}";
        });
        // Longer than a lease or shorter: the one is a zombie that wakes, the other must not be noticed.
        yield return new Fault("halt-supervisor", 8, async dice =>
        {
            var milliseconds = dice.Next(200, arena.Settings.Lease * 2000);
            if (Any(arena, dice) is not { } place)
                return null;
            await Halt([place.Worker!.Id], milliseconds);
            return $"halted {place.Name} for {milliseconds} ms";
        });
        yield return new Fault("halt-worker", 4, async dice =>
        {
            var milliseconds = dice.Next(arena.Settings.Lease * 1000, arena.Settings.Lease * 2500);
            if (Any(arena, dice) is not { } place)
                return null;
            await Halt([place.Worker!.Id, .. place.Worker.Children], milliseconds);
            return $"halted {place.Name} and its run processes for {milliseconds} ms";
        });
        yield return new Fault("halt-run", 3, async dice =>
        {
            var milliseconds = dice.Next(200, arena.Settings.Lease * 2000);
            var (place, runs) = AnyRuns(arena, dice);
            if (runs.Count == 0)
                return null;
            await Halt([runs[dice.Next(runs.Count)]], milliseconds);
            return $"halted a run process of {place!.Name} for {milliseconds} ms";
        });
        yield return new Fault("drain", 6, async dice =>
        {
            if (Any(arena, dice) is not { } place)
                return null;
            var worker = place.Worker!;
            worker.Terminate();
            var code = await worker.Ended(TimeSpan.FromSeconds(60));
            // 143: it was told before it had begun to listen for that; 137: killed while it drained; 7: the database was away when it began.
            return code is 0 or 143 or 137 or 7 ? $"drained {place.Name}" : throw new InvalidOperationException($"{place.Name} was told to drain and ended with {code}:\n{worker.Printed}");
        });
        yield return new Fault("kill-api", 1, async dice =>
        {
            var replica = arena.Replicas[dice.Next(arena.Replicas.Count)];
            if (replica.Process is not { HasEnded: false } process)
                return null;
            await process.Kill();
            return $"killed the replica {replica.Address}";
        });
        yield return new Fault("halt-api", 2, async dice =>
        {
            var milliseconds = dice.Next(200, arena.Settings.Lease * 2000);
            if (arena.Replicas[dice.Next(arena.Replicas.Count)].Process is not { HasEnded: false } process)
                return null;
            await Halt([process.Id], milliseconds);
            return $"halted a replica for {milliseconds} ms";
        });
        yield return new Fault("scratch-full", 3, async dice =>
        {
            var milliseconds = dice.Next(1500, 5000);
            var apart = arena.Places.Where(place => place.Host is not null).ToList();
            var place = apart[dice.Next(apart.Count)];
            place.Host!.Fill(place.Host.Disks[0]);
            await Task.Delay(milliseconds);
            place.Host.Free(place.Host.Disks[0]);
            return $"the scratch disk of {place.Name} was full for {milliseconds} ms";
        }, arena.Places.Any(place => place.Host is not null) ? null : LinuxHost.Missing ?? "no worker has a machine of its own");
    }

    static Task<string?> Nothing => Task.FromResult<string?>(null);

    static Task<string?> Said(string what) => Task.FromResult<string?>(what);

    static WorkerPlace? Any(Arena arena, Random dice)
    {
        var living = arena.Places.Where(place => place.Worker is { HasEnded: false }).ToList();
        var drawn = dice.Next(1 << 20);
        return living.Count == 0 ? null : living[drawn % living.Count];
    }

    static (WorkerPlace? Place, IReadOnlyList<int> Runs) AnyRuns(Arena arena, Random dice) =>
        Any(arena, dice) is { } place ? (place, place.Worker!.Children) : (null, []);

    static async Task Halt(IReadOnlyList<int> processes, int milliseconds)
    {
        foreach (var process in processes)
            ServiceProcess.Halt(process);
        await Task.Delay(milliseconds);
        foreach (var process in processes)
            ServiceProcess.GoOn(process);
    }
}
