using KdRobust.Persistence.Lists;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Audit;

/// <summary>A line of the audit.</summary>
/// <param name="Id">Its place: the cursor of lists.</param>
/// <param name="At">When, by the database's clock.</param>
/// <param name="KeyId">By which key.</param>
/// <param name="Owner">Whose key.</param>
/// <param name="Action">What was asked for, e.g. <c>cancelJob</c>.</param>
/// <param name="Object">Of what, e.g. <c>job:ID</c>.</param>
/// <param name="Outcome">What came of it, e.g. <c>requested</c> or <c>refused: not-found</c>.</param>
public sealed record AuditLine(long Id, DateTimeOffset At, Guid? KeyId, string Owner, string Action, string Object, string Outcome);

/// <summary>Which lines of the audit are wanted; null does not restrict.</summary>
public sealed record AuditFilter(string? Owner = null, string? Action = null, string? Object = null, DateTimeOffset? After = null, DateTimeOffset? Before = null);

/// <summary>Who did what: lines are added, by the transaction that does it where there is one, and never changed.</summary>
public sealed class AuditStore(NpgsqlDataSource database)
{
    /// <summary>Writes a line in a transaction of its own: for what was refused, or changed nothing in the database.</summary>
    public async Task Write(Act act, string thing, string outcome, CancellationToken ct = default)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await Write(connection, act, thing, outcome, ct);
    }

    /// <summary>Lines, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">The id of the last one of the page before, or null for the first page.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<AuditLine>> List(AuditFilter filter, long? before, int limit, CancellationToken ct = default)
    {
        var wanted = new Conditions();
        wanted.Equal("owner", filter.Owner);
        wanted.Equal("action", filter.Action);
        wanted.Equal("object", filter.Object);
        wanted.Add("at >= {0}", filter.After?.ToUniversalTime());
        wanted.Add("at < {0}", filter.Before?.ToUniversalTime());
        wanted.Add("id < {0}", before);
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            $"SELECT id, at, key_id, owner, action, object, outcome FROM audit WHERE {wanted} ORDER BY id DESC LIMIT {wanted.Value(limit)}", wanted.Values,
            reader => new AuditLine(
                reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.IsDBNull(2) ? null : reader.GetGuid(2),
                reader.GetString(3), reader.GetString(4), reader.GetString(5), reader.GetString(6)), ct);
    }

    internal static Task<int> Write(NpgsqlConnection connection, Act act, string thing, string outcome, CancellationToken ct) =>
        connection.Execute(Line, Values(act, thing, outcome), ct);

    /// <summary>The statement that writes a line.</summary>
    internal const string Line = "INSERT INTO audit (key_id, owner, action, object, outcome) VALUES ($1, $2, $3, $4, $5)";

    internal static object?[] Values(Act act, string thing, string outcome) => [act.KeyId, act.Owner, act.Action, thing, outcome];
}
