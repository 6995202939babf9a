using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Chores;

/// <summary>One run of a chore.</summary>
/// <param name="Id">Grows with every run.</param>
/// <param name="Chore">E.g. <c>retention</c>.</param>
/// <param name="Host">Which program ran it.</param>
/// <param name="DryRun">True when it only said what it would do.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">Null while it runs, and for good when its program died.</param>
/// <param name="Report">What it did, as JSON; null while it runs and when it failed.</param>
/// <param name="Error">Why it failed.</param>
public sealed record ChoreRun(long Id, string Chore, string Host, bool DryRun, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, JsonElement? Report, string? Error);

/// <summary>What the chores did.</summary>
public sealed class ChoreRunStore(NpgsqlDataSource database)
{
    /// <summary>Runs a chore and writes down what it did, or why it failed; its exception goes on to the caller.</summary>
    public async Task<T> Record<T>(string chore, string host, bool dryRun, Func<Task<T>> work, CancellationToken ct = default)
    {
        var id = await Begin(chore, host, dryRun, ct);
        try
        {
            var report = await work();
            await End(id, JsonSerializer.Serialize(report, SpecJson.Options), null, ct);
            return report;
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            try
            {
                await End(id, null, error.Message, CancellationToken.None);
            }
            catch (Exception weather) when (Database.IsWeather(weather))
            {
                // The row stays unfinished, which says as much.
            }
            throw;
        }
    }

    /// <summary>Runs, newest first.</summary>
    /// <param name="chore">Null for every chore's.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<IReadOnlyList<ChoreRun>> List(string? chore, int limit, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Rows(
            "SELECT id, chore, host, dry_run, started_at, finished_at, report::text, error FROM chore_run WHERE $1::text IS NULL OR chore = $1 ORDER BY id DESC LIMIT $2",
            [chore, limit],
            reader => new ChoreRun(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetBoolean(3), reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetFieldValue<DateTimeOffset>(5), reader.Text(6) is { } report ? JsonSerializer.Deserialize<JsonElement>(report) : null, reader.Text(7)),
            ct);
    }

    async Task<long> Begin(string chore, string host, bool dryRun, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<long>("INSERT INTO chore_run (chore, host, dry_run) VALUES ($1, $2, $3) RETURNING id", [chore, host, dryRun], ct);
    }

    async Task End(long id, string? report, string? error, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        await connection.Execute("UPDATE chore_run SET finished_at = clock_timestamp(), report = $2::jsonb, error = $3 WHERE id = $1", [id, report, error], ct);
    }
}
