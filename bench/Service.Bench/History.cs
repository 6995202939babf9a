namespace KdRobust.Service.Bench;

/// <summary>Rows as a long-lived service has them, made by the database itself.</summary>
static class History
{
    /// <summary>Payload of a job of this bench.</summary>
    public static async Task<string> Payload(Place place)
    {
        using var wire = await place.Connect();
        var job = Specs.JobOf(await wire.Text(wire.Request("POST", "/v1/experiments", Specs.Experiment(Specs.NextSeed())), 201));
        return await place.Value<string>($"SELECT payload::text FROM job WHERE id = '{job}'");
    }

    /// <summary>
    /// Jobs that ended long ago: seven of eight succeeded, the others failed, of ten owners. Rows and indexes are those of the
    /// schema; the triggers, which would write a history of states that nobody reads here, are passed over.
    /// </summary>
    public static async Task Finished(Place place, string payload, int count)
    {
        var indexes = await place.Column<string>("SELECT indexdef FROM pg_indexes WHERE tablename = 'job' AND indexname NOT IN ('pk_job')");
        foreach (var name in await place.Column<string>("SELECT indexname FROM pg_indexes WHERE tablename = 'job' AND indexname NOT IN ('pk_job')")) await place.Run($"DROP INDEX {name}");
        await place.Run(
            $$"""
            BEGIN;
            SET LOCAL session_replication_role = replica;
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count, worker, result, failure, created_at, started_at, finished_at, waits_since, turn, lane)
            SELECT gen_random_uuid(), 'owner' || n % 10, CASE WHEN n % 3 = 0 THEN 'smoothing-eval' ELSE 'train' END, 'train net ' || n, md5(n::text), '{{payload}}', 1, 'cpu', 0,
                CASE WHEN n % 8 = 0 THEN 'Failed' ELSE 'Succeeded' END, 'completed', 0, 1, 1, 5, 0, 'worker-' || n % 20,
                CASE WHEN n % 8 <> 0 THEN '{"kind":"train","seconds":60,"provenance":{"build":"1","libtorch":"1","blas":"1","device":"cpu","threads":1},"epochs":4,"parameters":1,"finalLoss":1,"finalTrainAccuracy":0.5,"selected":null}'::jsonb END,
                CASE WHEN n % 8 = 0 THEN '{"kind":"permanent","message":"as scripted","detail":""}'::jsonb END,
                at, at + interval '1 s', at + interval '61 s', at, at, md5((n % 4)::text)::uuid
            FROM (SELECT n, clock_timestamp() - interval '400 days' + n * interval '30 s' AS at FROM generate_series(1, {{count}}) n) made;
            COMMIT;
            """);
        foreach (var index in indexes) await place.Run(index);
        await place.Run("VACUUM ANALYZE job");
    }

    /// <summary>Jobs that are ready, in four lanes, as a submission makes them.</summary>
    public static async Task Ready(Place place, string payload, int count, string prefix)
    {
        await place.Run(
            $$"""
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            SELECT gen_random_uuid(), 'owner' || n % 4, 'train', 'train net ' || n, '{{prefix}}' || n, '{{payload}}', 1, 'cpu', 0, 'Queued', 'submitted', 0, 0, 0, 5, 0 FROM generate_series(1, {{count}}) n
            """);
        await place.Run("VACUUM ANALYZE job");
    }
}
