using Npgsql;

namespace KdRobust.Persistence.Schema;

/// <summary>
/// Has the server look at tables that have grown to more than twice their size since it last did. Prepared statements keep the
/// plan that was right for an empty table until then, and autovacuum's own look may be a minute away: without this a new service
/// slows down with every submission of its first minute. The database's function does it as the tables' owner.
/// </summary>
public sealed class TableStatistics(NpgsqlDataSource database)
{
    /// <summary>Looks at the sizes, which costs next to nothing, and analyzes what has grown.</summary>
    /// <returns>How many tables were analyzed; 0 also when another program is at it.</returns>
    public async Task<int> Refresh(CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.Value<int>("SELECT analyze_grown_tables()", [], ct);
    }
}
