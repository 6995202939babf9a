using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Workers;

/// <summary>A device that had errors lately.</summary>
/// <param name="On">Which.</param>
/// <param name="ErrorsInRow">Errors since the last job that succeeded on it.</param>
/// <param name="LastError">The newest, in words.</param>
/// <param name="LastErrorAt">When.</param>
/// <param name="QuarantinedAt">Since when it gets no work; null when it does.</param>
/// <param name="QuarantineReason">Why.</param>
public sealed record DeviceHealth(DeviceName On, int ErrorsInRow, string? LastError, DateTimeOffset? LastErrorAt, DateTimeOffset? QuarantinedAt, string? QuarantineReason);

/// <summary>
/// How devices behave, by host and device and so over restarts of their workers. One that fails again and again in
/// hardware gets no more work until a person has looked at it.
/// </summary>
public sealed class DeviceStore(NpgsqlDataSource database)
{
    /// <summary>Errors of the hardware in a row, without a job that succeeded in between, after which a device is put into quarantine.</summary>
    public const int MostErrors = 3;

    /// <summary>Counts an error of the hardware.</summary>
    /// <param name="on">The device.</param>
    /// <param name="error">Its name and what was said.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>True when the device is in quarantine now.</returns>
    public async Task<bool> RecordError(DeviceName on, string error, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<bool>(
            """
            INSERT INTO device_health AS health (host, device, errors_in_row, last_error, last_error_at) VALUES ($1, $2, 1, $3, clock_timestamp())
            ON CONFLICT (host, device) DO UPDATE SET errors_in_row = health.errors_in_row + 1, last_error = $3, last_error_at = clock_timestamp(),
                quarantined_at = CASE WHEN health.errors_in_row + 1 >= $4 THEN coalesce(health.quarantined_at, clock_timestamp()) END,
                quarantine_reason = CASE WHEN health.errors_in_row + 1 >= $4 THEN coalesce(health.quarantine_reason, (health.errors_in_row + 1) || ' hardware errors in a row, the last: ' || $3) END
            RETURNING quarantined_at IS NOT NULL
            """,
            [on.Host, on.Device, error, MostErrors], ct);
    }

    /// <summary>Forgets the errors of a device on which a job succeeded.</summary>
    public async Task RecordSuccess(DeviceName on, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute("UPDATE device_health SET errors_in_row = 0 WHERE host = $1 AND device = $2 AND errors_in_row > 0 AND quarantined_at IS NULL", [on.Host, on.Device], ct);
    }

    /// <summary>Gives a device work again.</summary>
    /// <returns>False when it was not in quarantine.</returns>
    public async Task<bool> LiftQuarantine(DeviceName on, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var lifted = await connection.Execute(
            "UPDATE device_health SET errors_in_row = 0, quarantined_at = NULL, quarantine_reason = NULL WHERE host = $1 AND device = $2 AND quarantined_at IS NOT NULL", [on.Host, on.Device], ct) == 1;
        if (!lifted)
            return false;
        await connection.Execute("SELECT pg_notify('kdr_ready', $1)", [on.Device], ct);
        await Act.Record(connection, $"device:{on.Host}/{on.Device}", "quarantine lifted", ct);
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Devices that had errors since a job last succeeded on them, those in quarantine first.</summary>
    public async Task<IReadOnlyList<DeviceHealth>> List(CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            """
            SELECT host, device, errors_in_row, last_error, last_error_at, quarantined_at, quarantine_reason FROM device_health
            WHERE errors_in_row > 0 OR quarantined_at IS NOT NULL ORDER BY quarantined_at IS NULL, host, device
            """,
            [],
            reader => new DeviceHealth(
                new DeviceName(reader.GetString(0), reader.GetString(1)), reader.GetInt32(2), reader.Text(3), Moment(reader, 4), Moment(reader, 5), reader.Text(6)),
            ct);
    }

    static DateTimeOffset? Moment(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
