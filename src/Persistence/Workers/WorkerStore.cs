using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Workers;

/// <summary>What a supervisor says of itself when it starts.</summary>
/// <param name="Name">Unique among living workers.</param>
/// <param name="Host">Where it runs.</param>
/// <param name="ProcessId">Of the supervisor.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Cores">Cores it offers.</param>
/// <param name="Build">Version of its code.</param>
/// <param name="Libtorch">As its run processes reported; null before the first did.</param>
public sealed record WorkerInfo(string Name, string Host, int ProcessId, string Device, int Cores, string Build, string? Libtorch);

/// <summary>A worker as people see it.</summary>
/// <param name="Info">What it said of itself.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="LastSeen">When it was last heard of.</param>
/// <param name="Alive">Heard of within the last 30 s by the database's clock, and not stopped.</param>
/// <param name="Jobs">Names of the jobs it holds.</param>
public sealed record WorkerView(WorkerInfo Info, DateTimeOffset StartedAt, DateTimeOffset LastSeen, bool Alive, IReadOnlyList<string> Jobs);

/// <summary>Who works here. For people only: whether a job is still worked on is said by its lease.</summary>
public sealed class WorkerStore(NpgsqlDataSource database)
{
    /// <summary>Writes down a worker that starts, in place of an earlier one of its name.</summary>
    public async Task Register(WorkerInfo worker, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute(
            """
            INSERT INTO worker (name, host, process_id, device, cores, build, libtorch) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (name) DO UPDATE SET host = $2, process_id = $3, device = $4, cores = $5, build = $6, libtorch = $7,
                started_at = clock_timestamp(), last_seen = clock_timestamp(), stopped_at = NULL
            """,
            [worker.Name, worker.Host, worker.ProcessId, worker.Device, worker.Cores, worker.Build, worker.Libtorch], ct);
    }

    /// <summary>Says that a worker is there, and with which libtorch.</summary>
    public async Task Seen(string name, string? libtorch, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute("UPDATE worker SET last_seen = clock_timestamp(), libtorch = coalesce($2, libtorch) WHERE name = $1", [name, libtorch], ct);
    }

    /// <summary>Says that a worker ended as it should.</summary>
    public async Task Stopped(string name, int processId, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute("UPDATE worker SET stopped_at = clock_timestamp(), last_seen = clock_timestamp() WHERE name = $1 AND process_id = $2", [name, processId], ct);
    }

    /// <summary>Every worker ever heard of, by name.</summary>
    public async Task<IReadOnlyList<WorkerView>> List(CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            """
            SELECT w.name, w.host, w.process_id, w.device, w.cores, w.build, w.libtorch, w.started_at, w.last_seen,
                w.stopped_at IS NULL AND w.last_seen > clock_timestamp() - interval '30 s',
                ARRAY(SELECT j.name FROM job j WHERE j.worker = w.name AND j.state = 'Running' ORDER BY j.seq)
            FROM worker w ORDER BY w.name
            """,
            [],
            reader => new WorkerView(
                new WorkerInfo(reader.GetString(0), reader.GetString(1), reader.GetInt32(2), reader.GetString(3), reader.GetInt32(4), reader.GetString(5), reader.Text(6)),
                reader.GetFieldValue<DateTimeOffset>(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetBoolean(9), reader.GetFieldValue<string[]>(10)),
            ct);
    }
}
