using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Queue.Hangfire;

/// <summary>Reads rows side by side with what Hangfire's tables have of them.</summary>
sealed class MirroredRows(NpgsqlDataSource database)
{
    // What is wrong is put right in several rounds where it is much.
    const int MostAtOnce = 500;

    /// <summary>The hash of Hangfire's that names the job for a row.</summary>
    internal static string KeyOf(Guid row) => $"kdr:{row}";

    /// <summary>In it: the id of Hangfire's job.</summary>
    internal const string JobField = "Job";

    /// <summary>In it: the row's fence when that job was put into a queue.</summary>
    internal const string FenceField = "Fence";

    /// <summary>Parameter of Hangfire's job that names the row.</summary>
    internal const string RowParameter = "Row";

    const string Columns =
        """
        j.id, j.name || coalesce(' seed ' || (j.payload ->> 'seed'), ''), j.device, j.state, j.fence, coalesce(CASE WHEN j.state = 'Failed' THEN j.failure ->> 'message' END, j.reason), j.worker,
            greatest(j.not_before - clock_timestamp(), interval '0'), coalesce(j.started_at - j.created_at, interval '0'), coalesce(j.finished_at - j.started_at, interval '0'),
            b.id::text, b.statename, f.value::bigint, EXISTS (SELECT 1 FROM hangfire.jobqueue q WHERE q.jobid = b.id)
        """;

    const string Hangfires =
        """
        LEFT JOIN hangfire.hash h ON h.key = 'kdr:' || j.id AND h.field = 'Job'
        LEFT JOIN hangfire.hash f ON f.key = 'kdr:' || j.id AND f.field = 'Fence'
        LEFT JOIN hangfire.job b ON b.id = h.value::bigint AND b.statename IS NOT NULL
        """;

    /// <summary>Some rows, in their turn.</summary>
    internal Task<List<MirroredRow>> Read(IReadOnlyCollection<Guid> rows, CancellationToken ct) =>
        Rows($"SELECT {Columns} FROM job j {Hangfires} WHERE j.id = ANY($1) ORDER BY j.turn, j.seq", [rows.ToArray()], ct);

    /// <summary>One row; null when there is none.</summary>
    internal async Task<MirroredRow?> Find(Guid row, CancellationToken ct) => (await Read([row], ct)).SingleOrDefault();

    /// <summary>Rows of which Hangfire has nothing, or something else than is true; jobs that wait or run first.</summary>
    internal async Task<List<MirroredRow>> Differing(CancellationToken ct)
    {
        var living = await Rows(
            $"""
            SELECT {Columns} FROM job j {Hangfires}
            WHERE j.state IN ('Blocked', 'Queued', 'Running', 'Paused') AND (b.id IS NULL
                OR CASE j.state
                    WHEN 'Running' THEN b.statename <> 'Processing'
                    WHEN 'Queued' THEN NOT CASE b.statename
                        WHEN 'Awaiting' THEN j.not_before <= clock_timestamp()
                        WHEN 'Scheduled' THEN j.not_before > clock_timestamp()
                        ELSE b.statename IN ('Enqueued', 'Processing') AND f.value::bigint IS NOT DISTINCT FROM j.fence AND EXISTS (SELECT 1 FROM hangfire.jobqueue q WHERE q.jobid = b.id) END
                    ELSE b.statename <> 'Awaiting' END)
            ORDER BY j.seq LIMIT {MostAtOnce}
            """, [], ct);
        var ended = await Rows(
            $"""
            SELECT {Columns} FROM hangfire.job b
            JOIN hangfire.jobparameter p ON p.jobid = b.id AND p.name = 'Row'
            JOIN job j ON j.id = trim(BOTH '"' FROM p.value)::uuid
            LEFT JOIN hangfire.hash f ON f.key = 'kdr:' || j.id AND f.field = 'Fence'
            WHERE b.statename IN ('Awaiting', 'Enqueued', 'Processing', 'Scheduled') AND j.state IN ('Succeeded', 'Failed', 'Cancelled')
            ORDER BY j.seq LIMIT {MostAtOnce}
            """, [], ct);
        return [.. living, .. ended];
    }

    /// <summary>Does something about a row of which Hangfire has nothing, one caller at a time.</summary>
    /// <param name="row">The row.</param>
    /// <param name="make">Given the row as it is once nobody else is at it; not called when Hangfire has a job for it by then.</param>
    /// <param name="ct">Gives up.</param>
    internal async Task Alone(Guid row, Action<MirroredRow> make, CancellationToken ct)
    {
        var made = false;
        try
        {
            await using var connection = await database.OpenLiving(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await connection.Execute("SELECT pg_advisory_xact_lock(hashtextextended('hangfire ' || $1::text, 0))", [row], ct);
            if (await Find(row, ct) is { HangfireId: null } alone)
                make(alone);
            made = true;
            await transaction.CommitAsync(ct);
        }
        catch (Exception error) when (made && (error is ObjectDisposedException || Database.IsWeather(error)))
        {
            // The server does not leave the lock to who is too slow, or halted; what was made is there.
        }
    }

    async Task<List<MirroredRow>> Rows(string sql, object?[] values, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            sql, values,
            reader => new MirroredRow(
                reader.GetGuid(0), reader.GetString(1), reader.GetString(2), Enum.Parse<JobState>(reader.GetString(3)), reader.GetInt64(4), reader.GetString(5), reader.Text(6),
                reader.GetTimeSpan(7), reader.GetTimeSpan(8), reader.GetTimeSpan(9), reader.Text(10), reader.Text(11), reader.IsDBNull(12) ? null : reader.GetInt64(12), reader.GetBoolean(13)),
            ct);
    }
}
