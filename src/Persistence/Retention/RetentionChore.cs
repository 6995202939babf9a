using KdRobust.Persistence.Checkpoints;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Retention;

/// <summary>
/// Gives back what nobody needs any more. Every step finds its work by what the rows say and does it in transactions of its
/// own: it may be broken off anywhere, run twice, or run by two programs at once.
/// </summary>
public sealed class RetentionChore(NpgsqlDataSource database, CheckpointStore checkpoints)
{
    // Several times as long as a writer leaves its chunks untouched before it names them.
    static readonly TimeSpan UntouchedFor = TimeSpan.FromHours(1);

    readonly MetricThinning metrics = new(database);
    readonly CheckpointRetention files = new(database);
    readonly JobHistoryMonths history = new(database);

    /// <summary>Does it all, or says what it would do.</summary>
    /// <param name="settings">How long what is kept.</param>
    /// <param name="dryRun">True changes nothing.</param>
    /// <param name="ct">Stops between two steps; what was done stays done.</param>
    public async Task<RetentionReport> Run(RetentionSettings settings, bool dryRun, CancellationToken ct = default)
    {
        var (jobs, points) = settings.StepMetricDays is { } days ? await metrics.Thin(days, settings.StepMetricBuckets, dryRun, ct) : (0, 0);
        var resume = await files.ResumePoints(settings, dryRun, ct);
        var outputs = await files.Outputs(settings, dryRun, ct);
        var chunks = dryRun ? await Unnamed(ct) : await checkpoints.CollectGarbage(UntouchedFor, ct);
        var made = await history.MakeAhead(dryRun, ct);
        var detached = settings.HistoryMonths is { } months ? await history.Detach(months, dryRun, ct) : [];
        return new RetentionReport(jobs, points, resume.Files, outputs.Files, resume.Bytes + outputs.Bytes, chunks, made, detached);
    }

    async Task<int> Unnamed(CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        return await connection.Value<int>(
            """
            SELECT count(*)::int FROM chunk WHERE touched_at < clock_timestamp() - $1
            AND NOT EXISTS (SELECT 1 FROM checkpoint_chunk part WHERE part.sha256 = chunk.sha256)
            AND NOT EXISTS (SELECT 1 FROM model_file_chunk part WHERE part.sha256 = chunk.sha256)
            """,
            [UntouchedFor], ct);
    }
}
