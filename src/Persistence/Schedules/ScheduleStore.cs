using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Schedules;

/// <summary>
/// Schedules and what each firing did. The rows are the truth; whatever clock fires them only says that a time has come,
/// and may say so late, twice or from several replicas.
/// </summary>
public sealed class ScheduleStore(NpgsqlDataSource database)
{
    /// <summary>Run numbers of firings are seconds since this moment: an experiment tells which firing made it, and a repetition finds it.</summary>
    public static readonly DateTimeOffset FirstSecond = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    const string Columns =
        """
        schedule.id, schedule.owner, schedule.name, schedule.cron, schedule.time_zone, schedule.missed, schedule.spec->>'name', schedule.enabled,
        schedule.created_at, schedule.changed_at, last.due_at, last.fired_at, last.host, last.experiment_id, last.problem
        """;

    const string From =
        """
        FROM schedule LEFT JOIN LATERAL (
            SELECT * FROM schedule_firing firing WHERE firing.schedule_id = schedule.id ORDER BY due_at DESC LIMIT 1) last ON true
        """;

    /// <summary>The run number of a firing.</summary>
    public static int RunNumber(DateTimeOffset due) => checked((int)((due - FirstSecond).Ticks / TimeSpan.TicksPerSecond));

    /// <summary>Stores a schedule, enabled.</summary>
    /// <exception cref="ScheduleExistsException">The owner has one of this name.</exception>
    public async Task<ScheduleView> Add(NewSchedule schedule, CancellationToken ct = default)
    {
        var id = Guid.CreateVersion7();
        await using var connection = await database.OpenLiving(ct);
        var added = await connection.Execute(
            """
            INSERT INTO schedule (id, owner, name, cron, time_zone, missed, spec, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7::json, true)
            ON CONFLICT (owner, name) DO NOTHING
            """,
            [id, schedule.Owner, schedule.Name, schedule.Cron, schedule.TimeZone, schedule.Missed.ToString(), JsonSerializer.Serialize(schedule.Spec, SpecJson.Options)], ct);
        return added == 1 ? (await Find(id, null, ct))! : throw new ScheduleExistsException(schedule.Name);
    }

    /// <summary>Schedules in the order they were made.</summary>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<ScheduleView>> List(string? owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows($"SELECT {Columns} {From} WHERE $1::text IS NULL OR schedule.owner = $1 ORDER BY schedule.seq", [owner], View, ct);
    }

    /// <summary>A schedule, or null when there is none or it belongs to somebody else.</summary>
    public async Task<ScheduleView?> Find(Guid id, string? owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return (await connection.Rows($"SELECT {Columns} {From} WHERE schedule.id = $1 AND ($2::text IS NULL OR schedule.owner = $2)", [id, owner], View, ct)).SingleOrDefault();
    }

    /// <summary>The spec a schedule submits, as JSON; null when there is no such schedule.</summary>
    public async Task<string?> Spec(Guid id, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<string>("SELECT spec::text FROM schedule WHERE id = $1", [id], ct);
    }

    /// <summary>What a schedule's firings did, newest first.</summary>
    public async Task<IReadOnlyList<FiringView>> Firings(Guid id, int limit, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            "SELECT due_at, fired_at, host, experiment_id, problem FROM schedule_firing WHERE schedule_id = $1 ORDER BY due_at DESC LIMIT $2", [id, limit], reader => Firing(reader, 0), ct);
    }

    /// <summary>Lets a schedule fire or not.</summary>
    /// <returns>False when there is none, or it belongs to somebody else.</returns>
    public async Task<bool> SetEnabled(Guid id, string? owner, bool enabled, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Execute(
            """
            UPDATE schedule SET changed_at = CASE WHEN enabled = $3 THEN changed_at ELSE clock_timestamp() END, enabled = $3
            WHERE id = $1 AND ($2::text IS NULL OR owner = $2)
            """,
            [id, owner, enabled], ct) == 1;
    }

    /// <summary>Deletes a schedule and the list of its firings; the experiments they made stay.</summary>
    /// <returns>False when there is none, or it belongs to somebody else.</returns>
    public async Task<bool> Remove(Guid id, string? owner, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Execute("DELETE FROM schedule WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [id, owner], ct) == 1;
    }

    /// <summary>
    /// Submits the experiment of a due time and writes down that it was done, in one transaction: however often and from
    /// however many replicas this is asked, it happens once.
    /// </summary>
    /// <param name="id">The schedule.</param>
    /// <param name="due">The time its cron expression names.</param>
    /// <param name="host">Who asks.</param>
    /// <param name="ct">Gives up; nothing is stored then.</param>
    public async Task<(FireOutcome Outcome, Guid? Experiment, string? Problem)> Fire(Guid id, DateTimeOffset due, string host, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var schedule = (await connection.Rows(
            "SELECT owner, spec::text FROM schedule WHERE id = $1 AND enabled FOR UPDATE", [id], reader => (Owner: reader.GetString(0), Spec: reader.GetString(1)), ct)).SingleOrDefault();
        if (schedule.Owner is null)
            return (FireOutcome.NotActive, null, null);
        if (await connection.Value<bool>("SELECT EXISTS (SELECT 1 FROM schedule_firing WHERE schedule_id = $1 AND due_at = $2)", [id, due.ToUniversalTime()], ct))
            return (FireOutcome.FiredBefore, null, null);

        Guid? experiment = null;
        string? problem = null;
        await transaction.SaveAsync("submission", ct);
        try
        {
            var reading = SpecReader.Read(schedule.Spec);
            if (reading.IsValid)
                experiment = await ExperimentStore.SubmitRun(connection, schedule.Owner, reading.Spec!, RunNumber(due), ct);
            else
                problem = $"this version refuses the stored spec, which another one accepted: {reading.Problems[0]}";
        }
        catch (ModelFilesMissingException missing)
        {
            await transaction.RollbackAsync("submission", ct);
            problem = missing.Message;
        }
        await connection.Execute(
            "INSERT INTO schedule_firing (schedule_id, due_at, host, experiment_id, problem) VALUES ($1, $2, $3, $4, $5)", [id, due.ToUniversalTime(), host, experiment, problem], ct);
        await transaction.CommitAsync(ct);
        return (experiment is null ? FireOutcome.Refused : FireOutcome.Submitted, experiment, problem);
    }

    static ScheduleView View(NpgsqlDataReader reader) => new(
        reader.GetGuid(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), Enum.Parse<MissedFirings>(reader.GetString(5)),
        reader.GetString(6), reader.GetBoolean(7), reader.GetFieldValue<DateTimeOffset>(8), reader.GetFieldValue<DateTimeOffset>(9),
        reader.IsDBNull(10) ? null : Firing(reader, 10));

    static FiringView Firing(NpgsqlDataReader reader, int column) => new(
        reader.GetFieldValue<DateTimeOffset>(column), reader.GetFieldValue<DateTimeOffset>(column + 1), reader.GetString(column + 2),
        reader.IsDBNull(column + 3) ? null : reader.GetGuid(column + 3), reader.Text(column + 4));
}
