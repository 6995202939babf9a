using KdRobust.Chaos.Service;
using KdRobust.Support;

namespace KdRobust.Chaos.Faults;

/// <summary>What happens to PostgreSQL; one at a time.</summary>
static class ServerFaults
{
    internal static IEnumerable<Fault> Of(Arena arena)
    {
        var cluster = arena.Cluster;
        yield return new Fault("server-restart", 1, _ => Alone(arena, async () =>
        {
            await cluster.Restart();
            return "the server was restarted";
        }));
        yield return new Fault("server-immediate-stop", 1, dice => Alone(arena, async () =>
        {
            var milliseconds = dice.Next(0, arena.Settings.Lease * 1500);
            await cluster.Kill();
            await Task.Delay(milliseconds);
            await cluster.Start();
            return $"the server was stopped at once and was away for {milliseconds} ms";
        }));
        yield return new Fault("server-kill-9", 1, _ => Alone(arena, async () =>
        {
            await cluster.KillEverything();
            await cluster.Start();
            return "every process of the server was killed, and it was started again";
        }));
        yield return new Fault("server-kill-backend", 1, dice => Alone(arena, async () =>
        {
            var number = dice.Next(1 << 20);
            return await arena.Steadily(() => cluster.KillBackend(number)) ? "one process of the server was killed, and it recovered" : null;
        }));
        yield return new Fault("server-halt", 1, dice => Alone(arena, async () =>
        {
            var milliseconds = dice.Next(300, arena.Settings.Lease * 2000);
            cluster.Freeze();
            await Task.Delay(milliseconds);
            cluster.Thaw();
            return $"the server stood still for {milliseconds} ms";
        }));
        yield return new Fault("server-disk-full", 1, dice => Alone(arena, async () =>
        {
            var milliseconds = dice.Next(1000, 4000);
            cluster.Host!.Fill(cluster.Disk);
            await Task.Delay(milliseconds);
            cluster.Host.Free(cluster.Disk);
            var died = cluster.ProcessId == 0;
            if (died)
                await cluster.Start();
            return $"the server's disk was full for {milliseconds} ms{(died ? ", of which it died" : "")}";
        }), cluster.Host is null ? LinuxHost.Missing ?? "the server has no disk of its own" : null);
        // A wake-up is a message to whoever listens at that moment: without listeners it is lost.
        yield return new Fault("lose-wake-ups", 3, _ => arena.Steadily<string?>(async () =>
            await arena.Database.Scalar<long>("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' AND datname = current_database()") is > 0 and var ended
                ? $"ended {ended} connections that listened for wake-ups" : null));
        yield return new Fault("double-wake-ups", 3, dice => arena.Steadily<string?>(async () =>
        {
            await arena.Database.Execute($"SELECT pg_notify(topic, id) FROM (SELECT 'kdr_ready' AS topic, device AS id FROM job UNION ALL SELECT 'kdr_cancel', id::text FROM job UNION ALL SELECT 'kdr_job', id::text FROM job) all_of ORDER BY random() LIMIT {dice.Next(1, 200)}");
            return "sent wake-ups for nothing";
        }));
        yield return new Fault("corrupt-checkpoint", 8, dice => Corrupt(arena, dice));
    }

    /// <summary>Changes one byte of a running job's newest resume point, as a bad disk would; nothing else holds this chunk.</summary>
    static async Task<string?> Corrupt(Arena arena, Random dice)
    {
        var (job, at) = (dice.Next(1 << 20), dice.Next(1 << 20));
        var damaged = await arena.Steadily(async () => await arena.Database.Scalar<Guid?>(
            $"""
            WITH newest AS (
                SELECT DISTINCT ON (c.job_id) c.id, c.job_id FROM checkpoint c JOIN job ON job.id = c.job_id
                WHERE c.role = 'Resume' AND c.damaged_at IS NULL AND job.state IN ('Running', 'Queued', 'Paused') ORDER BY c.job_id, c.seq DESC),
            chosen AS (SELECT id, job_id FROM newest ORDER BY md5(job_id::text || '{job}') LIMIT 1),
            part AS (
                SELECT p.sha256, chosen.job_id FROM checkpoint_chunk p JOIN chosen ON chosen.id = p.checkpoint_id
                WHERE NOT EXISTS (SELECT 1 FROM checkpoint_chunk o JOIN checkpoint c ON c.id = o.checkpoint_id WHERE o.sha256 = p.sha256 AND c.role = 'Output') LIMIT 1)
            UPDATE chunk SET content = set_byte(content, {at} % octet_length(content), (get_byte(content, {at} % octet_length(content)) + 1) % 256)
            FROM part WHERE chunk.sha256 = part.sha256 RETURNING part.job_id
            """));
        if (damaged is null)
            return null;
        // Somebody must need it to notice.
        var worker = await arena.Value<string>($"SELECT worker FROM job WHERE id = '{damaged}' AND state = 'Running'");
        foreach (var run in arena.Places.FirstOrDefault(place => place.Name == worker)?.Worker?.Children ?? [])
            ServiceProcess.Kill(run);
        return $"changed a byte of the newest resume point of {damaged}{(worker is null ? "" : $" and killed its run at {worker}")}";
    }

    static async Task<string?> Alone(Arena arena, Func<Task<string?>> illness)
    {
        if (!await arena.ServerIsIll.WaitAsync(0))
            return null;
        try
        {
            return await illness();
        }
        finally
        {
            arena.ServerIsIll.Release();
        }
    }
}
