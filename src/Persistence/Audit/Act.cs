using KdRobust.Persistence.Idempotency;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Audit;

/// <summary>
/// What somebody is doing: known to the stores while it lasts, so that they write it down in the very transaction that does
/// it. Where nobody acts (workers, the reaper) nothing is written.
/// </summary>
/// <param name="keyId">The key; null for a program of the service's own.</param>
/// <param name="owner">Whose key.</param>
/// <param name="action">The interface's name of the operation, e.g. <c>submitExperiment</c>.</param>
public sealed class Act(Guid? keyId, string owner, string action)
{
    static readonly AsyncLocal<Act?> Now = new();

    /// <summary>The key; null for a program of the service's own.</summary>
    public Guid? KeyId { get; } = keyId;

    /// <summary>Whose key.</summary>
    public string Owner { get; } = owner;

    /// <summary>The interface's name of the operation.</summary>
    public string Action { get; } = action;

    /// <summary>The promise of one effect that this act is under; null without an Idempotency-Key.</summary>
    public IdempotentRequest? Promise { get; set; }

    /// <summary>Lines written so far.</summary>
    public int Count { get; private set; }

    /// <summary>Makes this the act of everything the caller goes on to await.</summary>
    public void Begin() => Now.Value = this;

    /// <summary>The act of the caller, or null: for who does several together, in a transaction of none of them.</summary>
    internal static Act? Present => Now.Value;

    /// <summary>
    /// Writes down, inside the transaction that does it, what the present act does to an object; the last statement before the
    /// commit. The promise of one effect, if there is one, counts as kept from the same moment.
    /// </summary>
    internal static async Task Record(NpgsqlConnection connection, string thing, string outcome, CancellationToken ct)
    {
        if (Now.Value is not { } act) return;
        await using var batch = await connection.Together(ct, act.Lines(thing, outcome));
        await batch.ExecuteNonQueryAsync(ct);
        act.Written();
    }

    /// <summary>The statements that write it down; who has executed them says <see cref="Written"/>.</summary>
    internal IEnumerable<(string Sql, object?[] Values)> Lines(string thing, string outcome)
    {
        yield return (AuditStore.Line, AuditStore.Values(this, thing, outcome));
        if (Promise is { } promise) yield return IdempotencyStore.Keep(Owner, promise, thing);
    }

    /// <summary>Counts a line.</summary>
    internal void Written() => Count++;
}
