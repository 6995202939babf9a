using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Overviews;

/// <summary>Reads what a person wants to know first.</summary>
public sealed class OverviewStore(NpgsqlDataSource database)
{
    const int MostRunning = 100, MostTroubled = 20;

    const string NewestUse =
        "LEFT JOIN LATERAL (SELECT e.id, e.name FROM experiment_job u JOIN experiment e ON e.id = u.experiment_id WHERE u.job_id = j.id ORDER BY e.seq DESC LIMIT 1) e ON true";

    const string Troubled =
        "SELECT j.id, j.name, j.kind, e.id, e.name, j.attempt, j.max_attempts, j.failure, j.finished_at, CASE WHEN j.state = 'Queued' THEN j.not_before END FROM job j " + NewestUse;

    /// <summary>Everything at this moment.</summary>
    /// <param name="owner">Whose jobs; null for everybody's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<Overview> Read(string? owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        var at = await connection.Value<DateTime>("SELECT clock_timestamp()", [], ct);
        var queues = await connection.Rows(
            "SELECT kind, state, count(*) FROM job WHERE $1::text IS NULL OR owner = $1 GROUP BY kind, state ORDER BY kind, state", [owner],
            row => new QueueCount(row.GetString(0), Enum.Parse<JobState>(row.GetString(1)), row.GetInt64(2)), ct);
        var running = await connection.Rows(
            $"""
            SELECT j.id, j.name, j.kind, e.id, e.name, j.attempt, j.max_attempts, j.worker, j.started_at, j.heartbeat_at, j.lease_until, j.cancel_requested_at IS NOT NULL, j.progress
            FROM job j {NewestUse} WHERE j.state = 'Running' AND ($1::text IS NULL OR j.owner = $1) ORDER BY j.started_at, j.seq LIMIT {MostRunning}
            """,
            [owner],
            row => new RunningJob(
                row.GetGuid(0), row.GetString(1), row.GetString(2), Id(row, 3), row.Text(4), row.GetInt32(5), row.GetInt32(6), row.Text(7),
                Time(row, 8), Time(row, 9), Time(row, 10), row.GetBoolean(11), Json<JobProgress>(row, 12)),
            ct);
        var retrying = await connection.Rows(
            $"{Troubled} WHERE j.state = 'Queued' AND j.failure IS NOT NULL AND ($1::text IS NULL OR j.owner = $1) ORDER BY j.not_before, j.seq LIMIT {MostTroubled}", [owner], Trouble, ct);
        var failures = await connection.Rows(
            $"{Troubled} WHERE j.state = 'Failed' AND ($1::text IS NULL OR j.owner = $1) ORDER BY j.finished_at DESC, j.seq DESC LIMIT {MostTroubled}", [owner], Trouble, ct);
        return new(new DateTimeOffset(at, TimeSpan.Zero), queues, running, retrying, failures);
    }

    static TroubledJob Trouble(NpgsqlDataReader row) => new(
        row.GetGuid(0), row.GetString(1), row.GetString(2), Id(row, 3), row.Text(4), row.GetInt32(5), row.GetInt32(6),
        Json<JobFailure>(row, 7) ?? new(FailureKind.Permanent, "", ""), Time(row, 8), Time(row, 9));

    static Guid? Id(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    static DateTimeOffset? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);

    static T? Json<T>(NpgsqlDataReader row, int column) where T : class => row.Text(column) is { } text ? JsonSerializer.Deserialize<T>(text, SpecJson.Options) : null;
}
