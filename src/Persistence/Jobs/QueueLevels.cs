using System.Diagnostics.Metrics;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>
/// How full the queue is, as gauges: ready, waiting for a time, running, and the age of the oldest ready job, by device. The
/// numbers are the whole service's and as old as the last <see cref="Refresh"/>: who reads them asks for one before.
/// </summary>
public sealed class QueueLevels : IDisposable
{
    static readonly string[] Devices = ["cpu", "cuda"];
    static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    readonly NpgsqlDataSource database;
    readonly TimeProvider time;
    readonly Meter meter = new("KdRobust.Queue.Levels");
    readonly SemaphoreSlim asking = new(1, 1);
    IReadOnlyDictionary<string, Level>? levels;
    long asked;

    /// <summary>Nothing is asked yet.</summary>
    public QueueLevels(NpgsqlDataSource database, TimeProvider time)
    {
        (this.database, this.time) = (database, time);
        meter.CreateObservableGauge("kdr.queue.ready", () => Of(level => level.Ready), "{job}", "Jobs a free slot could begin now");
        meter.CreateObservableGauge("kdr.queue.delayed", () => Of(level => level.Delayed), "{job}", "Queued jobs that wait for the time of their next attempt");
        meter.CreateObservableGauge("kdr.queue.running", () => Of(level => level.Running), "{job}", "Jobs under a lease");
        meter.CreateObservableGauge("kdr.queue.oldest", () => Of(level => level.OldestSeconds), "s", "Age of the oldest ready job, by the database's clock");
    }

    /// <summary>Asks the database, at most once a second. When it is away the gauges say nothing rather than something old.</summary>
    public async Task Refresh(CancellationToken ct = default)
    {
        await asking.WaitAsync(ct);
        try
        {
            if (levels is not null && time.GetElapsedTime(asked) < FreshFor)
                return;
            levels = null;
            await using var connection = await database.OpenLiving(ct);
            // Both conditions are those of a partial index: what has ended costs nothing.
            var rows = await connection.Rows(
                """
                SELECT device, count(*) FILTER (WHERE not_before <= clock_timestamp()), count(*) FILTER (WHERE not_before > clock_timestamp()), 0::bigint,
                    coalesce(extract(epoch FROM max(clock_timestamp() - not_before)), 0)::float8
                FROM job WHERE state = 'Queued' GROUP BY device
                UNION ALL
                SELECT device, 0, 0, count(*), 0 FROM job WHERE state = 'Running' GROUP BY device
                """,
                [], reader => (Device: reader.GetString(0), Level: new Level(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), Math.Max(0, reader.GetDouble(4)))), ct);
            levels = Devices.Concat(rows.Select(row => row.Device)).Distinct(StringComparer.Ordinal).ToDictionary(
                device => device,
                device => rows.Where(row => row.Device == device).Aggregate(new Level(0, 0, 0, 0), (sum, row) => sum.Plus(row.Level)), StringComparer.Ordinal);
            asked = time.GetTimestamp();
        }
        finally
        {
            asking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        meter.Dispose();
        asking.Dispose();
    }

    IEnumerable<Measurement<T>> Of<T>(Func<Level, T> number) where T : struct =>
        (levels ?? new Dictionary<string, Level>()).Select(entry => new Measurement<T>(number(entry.Value), new KeyValuePair<string, object?>("device", entry.Key)));

    sealed record Level(long Ready, long Delayed, long Running, double OldestSeconds)
    {
        internal Level Plus(Level other) => new(Ready + other.Ready, Delayed + other.Delayed, Running + other.Running, Math.Max(OldestSeconds, other.OldestSeconds));
    }
}
