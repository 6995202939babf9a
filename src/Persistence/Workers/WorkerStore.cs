using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Workers;

/// <summary>Who works here. Whether a job is still worked on is said by its lease, never by this.</summary>
public sealed class WorkerStore(NpgsqlDataSource database)
{
    /// <summary>Writes down a worker that starts, in place of an earlier one of its name; it starts undrained.</summary>
    public async Task Register(WorkerInfo worker, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute(
            """
            INSERT INTO worker (name, host, process_id, device, cores, build, libtorch, labels, kinds, free_cores) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, $5)
            ON CONFLICT (name) DO UPDATE SET host = $2, process_id = $3, device = $4, cores = $5, build = $6, libtorch = $7, labels = $8, kinds = $9::jsonb,
                free_cores = $5, images_per_second = 0, devices = '[]', drain_requested_at = NULL, drain_requested_by = NULL,
                started_at = clock_timestamp(), last_seen = clock_timestamp(), stopped_at = NULL
            """,
            [
                worker.Name, worker.Host, worker.ProcessId, worker.Device, worker.Cores, worker.Build, worker.Libtorch,
                worker.Labels.ToArray(), JsonSerializer.Serialize(worker.Kinds, SpecJson.Options),
            ], ct);
    }

    /// <summary>Says that a worker is there, and how it does.</summary>
    /// <returns>True when it shall take no more work.</returns>
    public async Task<bool> Seen(string name, WorkerReading reading, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<bool>(
            """
            UPDATE worker SET last_seen = clock_timestamp(), libtorch = coalesce($2, libtorch), free_cores = $3, images_per_second = $4, devices = $5::jsonb
            WHERE name = $1 RETURNING drain_requested_at IS NOT NULL
            """,
            [name, reading.Libtorch, reading.FreeCores, reading.ImagesPerSecond, JsonSerializer.Serialize(reading.Devices, SpecJson.Options)], ct);
    }

    /// <summary>Says that a worker ended as it should.</summary>
    public async Task Stopped(string name, int processId, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute("UPDATE worker SET stopped_at = clock_timestamp(), last_seen = clock_timestamp() WHERE name = $1 AND process_id = $2", [name, processId], ct);
    }

    /// <summary>Asks a worker to take no more work and to give its jobs back; it stays, idle. No claim of its is answered from now on.</summary>
    /// <returns>False when there is no such worker.</returns>
    public async Task<bool> RequestDrain(string name, string by, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.Execute(
            "UPDATE worker SET drain_requested_at = coalesce(drain_requested_at, clock_timestamp()), drain_requested_by = coalesce(drain_requested_by, $2) WHERE name = $1", [name, by], ct) == 0)
            return false;
        await Act.Record(connection, $"worker:{name}", "drained", ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Lets a worker take work again.</summary>
    /// <returns>False when there is no such worker.</returns>
    public async Task<bool> Undrain(string name, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.Execute("UPDATE worker SET drain_requested_at = NULL, drain_requested_by = NULL WHERE name = $1", [name], ct) == 0)
            return false;
        await Act.Record(connection, $"worker:{name}", "undrained", ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Every worker ever heard of, by name, in pages.</summary>
    /// <param name="owner">Whose jobs are named; null for everybody's. How many cores a worker has free is told in any case.</param>
    /// <param name="after">The last name of the page before; null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<WorkerView>> List(string? owner = null, string? after = null, int limit = 500, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            """
            SELECT w.name, w.host, w.process_id, w.device, w.cores, w.build, w.libtorch, w.started_at, w.last_seen,
                w.stopped_at IS NULL AND w.last_seen > clock_timestamp() - interval '30 s',
                ARRAY(SELECT j.name FROM job j WHERE j.worker = w.name AND j.state = 'Running' AND ($3::text IS NULL OR j.owner = $3) ORDER BY j.seq),
                w.labels, w.kinds::text, w.free_cores, w.images_per_second, w.devices::text, w.drain_requested_at, w.drain_requested_by,
                (SELECT coalesce(json_object_agg(h.device, h.quarantine_reason), '{}')::text FROM device_health h
                    WHERE h.host = w.host AND h.quarantined_at IS NOT NULL AND w.devices @> jsonb_build_array(jsonb_build_object('device', h.device)))
            FROM worker w WHERE $1::text IS NULL OR w.name > $1 ORDER BY w.name LIMIT $2
            """,
            [after, limit, owner],
            reader => new WorkerView(
                new WorkerInfo(reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetString(3), reader.GetInt32(4), reader.GetString(5), reader.Text(6))
                {
                    Labels = reader.GetFieldValue<string[]>(11), Kinds = FromJson<Dictionary<string, int>>(reader.GetString(12)),
                },
                reader.GetFieldValue<DateTimeOffset>(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetBoolean(9), reader.GetFieldValue<string[]>(10))
            {
                FreeCores = reader.GetInt32(13),
                ImagesPerSecond = reader.GetDouble(14),
                Devices = FromJson<List<DeviceReading>>(reader.GetString(15)),
                DrainRequestedAt = reader.IsDBNull(16) ? null : reader.GetFieldValue<DateTimeOffset>(16),
                DrainRequestedBy = reader.Text(17),
                Quarantined = FromJson<Dictionary<string, string>>(reader.GetString(18)),
            },
            ct);
    }

    /// <summary>Where a worker runs; null when there is no such worker.</summary>
    public async Task<string?> HostOf(string name, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<string>("SELECT host FROM worker WHERE name = $1", [name], ct);
    }

    static T FromJson<T>(string text) =>
        JsonSerializer.Deserialize<T>(text, SpecJson.Options) ?? throw new InvalidDataException($"a stored {typeof(T).Name} is null");
}
