using System.Text.Json;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Sweeps;

/// <summary>
/// Leads halvings from rung to rung. Every API and every worker tries on its reaper's timer; what is decided follows from stored
/// numbers alone, is written in one transaction under the owner's lock, and only if nobody has written it yet. So it does not
/// matter who decides, how many try at once, or where somebody dies.
/// </summary>
public sealed partial class SweepStore
{
    // "halving" as bytes.
    const long DecisionLock = 0x68616c76696e67;

    /// <summary>Decides every rung whose points have all ended.</summary>
    /// <returns>Rungs decided now, by this caller.</returns>
    public async Task<int> DecideRungs(CancellationToken ct = default)
    {
        List<Guid> due;
        await using (var connection = await database.OpenConnectionAsync(ct))
            due = await connection.Rows(
                """
                SELECT sweep.id FROM sweep WHERE open_rung IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM sweep_point p JOIN experiment_job use ON use.experiment_id = p.experiment_id JOIN job ON job.id = use.job_id
                    WHERE p.sweep_id = sweep.id AND p.rung = sweep.open_rung AND job.state NOT IN ('Succeeded', 'Failed', 'Cancelled'))
                ORDER BY sweep.seq
                """,
                [], reader => reader.GetGuid(0), ct);
        var decided = 0;
        foreach (var sweep in due)
        {
            try
            {
                if (await Decide(sweep, ct)) decided++;
            }
            catch (Exception error) when (error is InvalidDataException or JsonException or ModelFilesMissingException)
            {
                // The same attempt would meet it again, and other sweeps wait. A person reads it, and fills the sweep up.
                await using var connection = await database.OpenConnectionAsync(ct);
                await connection.Execute("UPDATE sweep SET open_rung = NULL, trouble = $2 WHERE id = $1 AND open_rung IS NOT NULL", [sweep, error.Message], ct);
            }
        }
        return decided;
    }

    async Task<bool> Decide(Guid sweep, CancellationToken ct)
    {
        var runs = new PlannedRuns();
        (IReadOnlyList<int> Ordinals, SweepPlan Plan)? next = null;
        while (true)
        {
            await using var connection = await database.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            // Planning is work: one at a time does it, and who comes second finds it done at the next tick.
            if (!await connection.Value<bool>("SELECT pg_try_advisory_xact_lock($1)", [DecisionLock], ct)) return false;
            if (await Find(connection, sweep, ct) is not { } before) return false;
            await connection.LockOwner(before.Owner, ct);
            if (await Find(connection, sweep, ct) is not { OpenRung: { } rung, Spec: { Halving: { } halving } spec } row) return false;
            if (await Scores(connection, sweep, rung, spec, ct) is not { } scores) return false;

            var last = rung == halving.Rungs.Count - 1;
            var survivors = last ? [] : Halving.Survivors([.. scores.Select(point => (point.Ordinal, point.Score))], halving);
            if (survivors.Count > 0 && (next is null || !next.Value.Ordinals.SequenceEqual(survivors)))
            {
                await transaction.RollbackAsync(ct);
                next = (survivors, PlanOf(spec, rung + 1, survivors));
                continue;
            }
            if (survivors.Count > 0)
            {
                var placed = await Place(connection, row.Owner, next!.Value.Plan, again: false, runs, ct);
                if (placed.Unplanned.Count > 0)
                {
                    await transaction.RollbackAsync(ct);
                    runs.Plan(placed.Unplanned);
                    continue;
                }
                await InsertPoints(connection, sweep, rung + 1, placed.Points, ct);
            }
            await connection.Execute(
                """
                UPDATE sweep_point SET score = new.score FROM unnest($3::int[], $4::float8[]) AS new(ordinal, score)
                WHERE sweep_point.sweep_id = $1 AND sweep_point.rung = $2 AND sweep_point.ordinal = new.ordinal
                """,
                [sweep, rung, scores.Select(point => point.Ordinal).ToArray(), scores.Select(point => point.Score).ToArray()], ct);
            // Nobody with a score: there is nothing to go on with, until the points are made anew.
            await connection.Execute("UPDATE sweep SET open_rung = $2 WHERE id = $1", [sweep, survivors.Count > 0 ? rung + 1 : null], ct);
            await connection.Execute("SELECT pg_notify('kdr_sweep', $1::text)", [sweep.ToString()], ct);
            await transaction.CommitAsync(ct);
            return true;
        }
    }

    /// <summary>The points of a rung with what they are compared by; null while a job of theirs has not ended.</summary>
    static async Task<IReadOnlyList<(int Ordinal, double? Score)>?> Scores(NpgsqlConnection connection, Guid sweep, int rung, SweepSpec spec, CancellationToken ct)
    {
        if (await connection.Value<bool>(
            """
            SELECT EXISTS (
                SELECT 1 FROM sweep_point p JOIN experiment_job use ON use.experiment_id = p.experiment_id JOIN job ON job.id = use.job_id
                WHERE p.sweep_id = $1 AND p.rung = $2 AND job.state NOT IN ('Succeeded', 'Failed', 'Cancelled'))
            """,
            [sweep, rung], ct)) return null;
        if (spec.Halving!.By is MetricScoreSpec { Series: var series })
            return await connection.Rows(
                """
                SELECT p.ordinal, (
                    SELECT value FROM metric WHERE metric.job_id = job.id AND series = $3 ORDER BY epoch DESC, step DESC, fence DESC, ordinal DESC LIMIT 1)
                FROM sweep_point p LEFT JOIN job ON job.id = p.score_job AND job.state = 'Succeeded'
                WHERE p.sweep_id = $1 AND p.rung = $2 ORDER BY p.ordinal
                """,
                [sweep, rung, series], reader => (reader.GetInt32(0), reader.IsDBNull(1) || !double.IsFinite(reader.GetDouble(1)) ? null : (double?)reader.GetDouble(1)), ct);
        var result = ((ResultScoreSpec)spec.Halving.By).Result;
        var points = await Sources(connection, sweep, rung, ct);
        var results = await Results(connection, [.. points.SelectMany(point => point.Sources).Where(source => source.Result == result).Select(source => source.Job).Distinct()], ct);
        return [.. points.Select(point => (point.Ordinal, point.Sources.Where(source => source.Result == result).Select(source => Accuracy(source, results)).SingleOrDefault()))];
    }

    // Of the images, not of the rounded text: two points are equal only if they answer equally many rightly.
    static double? Accuracy(PointSource source, IReadOnlyDictionary<Guid, MeasuredJob> results) =>
        results.TryGetValue(source.Job, out var job) && CountOf(source, job.Result) is { } count ? (double)count.Correct(source.Aggregation) / count.Images : null;

    static AggregatedCount? CountOf(PointSource source, JobResult result) => result switch
    {
        SmoothingEvalResult evaluation => evaluation.Count,
        TransferAttackResult attack => attack.Targets[source.Target!.Value],
        _ => null,
    };
}
