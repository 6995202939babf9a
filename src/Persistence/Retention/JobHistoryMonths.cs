using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Retention;

/// <summary>
/// The job history is a table with one partition a month. New ones are made ahead; a line whose month has none goes to a rest
/// that takes everything, so that no transition ever fails for want of a partition. The database's functions do the work
/// as their owner: who runs chores needs no right to alter tables.
/// </summary>
sealed class JobHistoryMonths(NpgsqlDataSource database)
{
    const int Ahead = 3;

    /// <summary>Makes the partitions of this month and the three that follow.</summary>
    /// <returns>The names of those that were not there.</returns>
    internal async Task<IReadOnlyList<string>> MakeAhead(bool dryRun, CancellationToken ct) =>
        await Names(dryRun
            ? """
              SELECT job_event_month_name(month::date) FROM generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), (now() AT TIME ZONE 'UTC') + make_interval(months => $1), interval '1 month') month
              WHERE to_regclass(job_event_month_name(month::date)) IS NULL ORDER BY 1
              """
            : "SELECT * FROM job_event_make_months($1) ORDER BY 1", Ahead, ct);

    /// <summary>Detaches the partitions that ended more than so many months ago; they stay in the database as tables.</summary>
    internal async Task<IReadOnlyList<string>> Detach(int months, bool dryRun, CancellationToken ct) =>
        await Names($"SELECT * FROM job_event_{(dryRun ? "old" : "detach")}_months($1) ORDER BY 1", months, ct);

    async Task<IReadOnlyList<string>> Names(string sql, int months, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(sql, [months], reader => reader.GetString(0), ct);
    }
}
