using System.Globalization;
using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Runs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Lists;

/// <summary>In which order jobs are listed.</summary>
public enum JobOrder
{
    /// <summary>The last submitted first.</summary>
    Newest,
    /// <summary>The first submitted first.</summary>
    Oldest,
    /// <summary>The last ended first; those that have not ended are left out.</summary>
    Finished,
    /// <summary>As their turns come, which priority and waiting decide; only those that are ready.</summary>
    Queue,
}

/// <summary>
/// Jobs in pages. Each page begins where the one before ended, found by an index in the list's own order, so the thousandth
/// costs what the first does.
/// </summary>
public sealed class JobList(NpgsqlDataSource database)
{
    const string Columns =
        """
        job.id, job.name, job.kind, job.owner, job.state, job.reason, job.device, job.threads, job.priority, job.attempt, job.max_attempts, job.worker,
        job.cancel_requested_at IS NOT NULL, CASE WHEN job.state = 'Running' THEN job.progress::text END, CASE WHEN job.state = 'Failed' THEN job.failure ->> 'message' END,
        (job.result ->> 'seconds')::float8, job.created_at, job.started_at, job.finished_at, job.seq, job.turn
        """;

    /// <summary>A page.</summary>
    /// <param name="filter">Which jobs.</param>
    /// <param name="order">In which order.</param>
    /// <param name="cursor">Where the page before ended, as it said; null for the first.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The jobs, each with the cursor of what comes after it.</returns>
    /// <exception cref="FormatException">The cursor is none of this order.</exception>
    public async Task<IReadOnlyList<(JobSummary Job, string Cursor)>> Page(JobFilter filter, JobOrder order, string? cursor, int limit, CancellationToken ct = default)
    {
        var wanted = filter.Conditions();
        var by = Order(order, cursor, wanted);
        var sql = $"SELECT {Columns} FROM job WHERE {wanted} ORDER BY {by} LIMIT {wanted.Value(limit)}";
        return await database.Ask(connection => connection.Rows(
            sql, wanted.Values,
            reader =>
            {
                var job = Read(reader);
                return (job, CursorOf(order, job, reader.GetInt64(19), reader.GetFieldValue<DateTimeOffset>(20)));
            }, ct), ct);
    }

    /// <summary>Ids of the jobs that fulfil a filter, parents before children.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<Guid>> Matching(JobFilter filter, int limit, CancellationToken ct = default)
    {
        var wanted = filter.Conditions();
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows($"SELECT job.id FROM job WHERE {wanted} ORDER BY job.seq LIMIT {wanted.Value(limit)}", wanted.Values, reader => reader.GetGuid(0), ct);
    }

    static string Order(JobOrder order, string? cursor, Conditions wanted)
    {
        var at = cursor is null ? null : Numbers(cursor, order is JobOrder.Finished or JobOrder.Queue ? 2 : 1);
        switch (order)
        {
            case JobOrder.Oldest:
                wanted.Add("job.seq > {0}", at?[0]);
                return "job.seq";
            case JobOrder.Finished:
                wanted.Add("job.finished_at IS NOT NULL");
                if (at is not null) wanted.Add($"(job.finished_at, job.seq) < ({wanted.Value(DateTimeOffset.UnixEpoch.AddTicks(at[0]))}, {wanted.Value(at[1])})");
                return "job.finished_at DESC, job.seq DESC";
            case JobOrder.Queue:
                wanted.Add("job.state = 'Queued'");
                if (at is not null) wanted.Add($"(job.turn, job.seq) > ({wanted.Value(DateTimeOffset.UnixEpoch.AddTicks(at[0]))}, {wanted.Value(at[1])})");
                return "job.turn, job.seq";
            default:
                wanted.Add("job.seq < {0}", at?[0]);
                return "job.seq DESC";
        }
    }

    static string CursorOf(JobOrder order, JobSummary job, long seq, DateTimeOffset turn) => order switch
    {
        JobOrder.Finished => string.Create(CultureInfo.InvariantCulture, $"{(job.FinishedAt!.Value - DateTimeOffset.UnixEpoch).Ticks}_{seq}"),
        JobOrder.Queue => string.Create(CultureInfo.InvariantCulture, $"{(turn - DateTimeOffset.UnixEpoch).Ticks}_{seq}"),
        _ => seq.ToString(CultureInfo.InvariantCulture),
    };

    static long[] Numbers(string cursor, int count)
    {
        var parts = cursor.Split('_');
        var numbers = new long[count];
        if (parts.Length != count) throw new FormatException("the cursor belongs to a list in another order");
        for (var i = 0; i < count; i++)
            if (!long.TryParse(parts[i], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[i])) throw new FormatException("the cursor is not one of ours");
        if (numbers[^1] < 0 || numbers[0] < -DateTimeOffset.UnixEpoch.Ticks || numbers[0] > (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks) throw new FormatException("the cursor is not one of ours");
        return numbers;
    }

    static JobSummary Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), Enum.Parse<JobState>(reader.GetString(4)), reader.GetString(5), reader.GetString(6),
        reader.GetInt32(7), reader.GetInt32(8), reader.GetInt32(9), reader.GetInt32(10), reader.Text(11), reader.GetBoolean(12),
        reader.Text(13) is { } progress ? JsonSerializer.Deserialize<JobProgress>(progress, SpecJson.Options) : null,
        reader.Text(14), reader.IsDBNull(15) ? null : reader.GetDouble(15), reader.GetFieldValue<DateTimeOffset>(16), reader.Time(17), reader.Time(18));
}
