using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>The most jobs that may run at once on one kind of device.</summary>
/// <param name="Owner">Whose jobs; null for all owners' together.</param>
/// <param name="Device">On which kind of device.</param>
/// <param name="MostRunning">At most so many; 0 lets none begin.</param>
/// <param name="SetBy">Who set it.</param>
/// <param name="SetAt">When.</param>
public sealed record Quota(string? Owner, DeviceKind Device, int MostRunning, string SetBy, DateTimeOffset SetAt);

/// <summary>
/// Quotas, in force over the whole service with the next claim. A job may have to fit two of them: its owner's, and that
/// of all owners together. What runs already is left alone.
/// </summary>
public sealed class QuotaStore(NpgsqlDataSource database)
{
    /// <summary>Sets the quota of an owner, or of all together, on a kind of device; replaces the one before.</summary>
    /// <param name="owner">Null for all owners together.</param>
    /// <param name="device">The kind of device.</param>
    /// <param name="mostRunning">At least 0.</param>
    /// <param name="by">Who sets it.</param>
    /// <param name="ct">Gives up.</param>
    public async Task Set(string? owner, DeviceKind device, int mostRunning, string by, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mostRunning);
        if (owner is "")
            throw new ArgumentException("an owner has a name; null stands for all owners together", nameof(owner));
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.Execute(
            """
            INSERT INTO quota (owner, device, most_running, set_by) VALUES ($1, $2, $3, $4)
            ON CONFLICT (device, owner) DO UPDATE SET most_running = $3, set_by = $4, set_at = clock_timestamp()
            """,
            [owner ?? "", JobStore.Stored(device), mostRunning, by], ct);
        await Wake(connection, device, ct);
        await Act.Record(connection, $"quota:{JobStore.Stored(device)}/{owner ?? "*"}", FormattableString.Invariant($"at most {mostRunning}"), ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Takes a quota away.</summary>
    /// <returns>False when there was none.</returns>
    public async Task<bool> Remove(string? owner, DeviceKind device, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var removed = await connection.Execute("DELETE FROM quota WHERE owner = $1 AND device = $2", [owner ?? "", JobStore.Stored(device)], ct) == 1;
        await Wake(connection, device, ct);
        if (removed)
            await Act.Record(connection, $"quota:{JobStore.Stored(device)}/{owner ?? "*"}", "removed", ct);
        await transaction.CommitAsync(ct);
        return removed;
    }

    /// <summary>All quotas, those of all owners together first.</summary>
    public async Task<IReadOnlyList<Quota>> List(CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            "SELECT owner, device, most_running, set_by, set_at FROM quota ORDER BY device, owner", [],
            reader => new Quota(
                reader.GetString(0) is { Length: > 0 } owner ? owner : null, reader.GetString(1) == "cuda" ? DeviceKind.Cuda : DeviceKind.Cpu,
                reader.GetInt32(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4)),
            ct);
    }

    static Task<int> Wake(NpgsqlConnection connection, DeviceKind device, CancellationToken ct) =>
        connection.Execute("SELECT pg_notify('kdr_ready', $1)", [JobStore.Stored(device)], ct);
}
