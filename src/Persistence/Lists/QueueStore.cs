using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Lists;

/// <summary>Jobs that have not ended, counted.</summary>
/// <param name="State">blocked, queued, running or paused.</param>
/// <param name="Kind">E.g. <c>train</c>.</param>
/// <param name="Device">cpu or cuda.</param>
/// <param name="Jobs">How many, of all owners.</param>
/// <param name="Own">How many of them are the asker's.</param>
public sealed record QueueDepth(string State, string Kind, string Device, long Jobs, long Own);

/// <summary>What waits and what runs.</summary>
/// <param name="Depths">Jobs that have not ended, by state, kind and device.</param>
/// <param name="Ready">Jobs a worker could take now.</param>
/// <param name="OldestReadySeconds">How long the oldest of these has been ready; null when there is none.</param>
/// <param name="Running">Jobs that run.</param>
public sealed record QueueState(IReadOnlyList<QueueDepth> Depths, long Ready, double? OldestReadySeconds, long Running);

/// <summary>How much work there is; only counts, so anybody may see all of them.</summary>
public sealed class QueueStore(NpgsqlDataSource database)
{
    /// <summary>Counts what has not ended; what has is not looked at, however much it is.</summary>
    /// <param name="owner">Who asks.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<QueueState> Read(string owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var depths = await connection.Rows(
            """
            SELECT lower(state), kind, device, count(*), count(*) FILTER (WHERE owner = $1) FROM job
            WHERE state IN ('Blocked', 'Queued', 'Running', 'Paused') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,
            [owner], reader => new QueueDepth(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetInt64(3), reader.GetInt64(4)), ct);
        var ready = (await connection.Rows(
            "SELECT count(*), extract(epoch FROM clock_timestamp() - min(not_before))::float8 FROM job WHERE state = 'Queued' AND not_before <= clock_timestamp()",
            [], reader => (Jobs: reader.GetInt64(0), Seconds: reader.IsDBNull(1) ? (double?)null : reader.GetDouble(1)), ct)).Single();
        return new QueueState(depths, ready.Jobs, ready.Seconds, depths.Where(depth => depth.State == "running").Sum(depth => depth.Jobs));
    }
}
