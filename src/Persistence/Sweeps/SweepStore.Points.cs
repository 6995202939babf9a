using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Experiments;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Sweeps;

public sealed partial class SweepStore
{
    /// <summary>
    /// Finds or makes the experiment of every point, by the rules of a single submission. The caller holds the owner's lock. When
    /// plans of later runs turn out to be needed, nothing is written and they are named: the caller ends its transaction, makes
    /// them, and begins anew.
    /// </summary>
    static async Task<Placed> Place(NpgsqlConnection connection, string owner, SweepPlan plan, bool again, PlannedRuns runs, CancellationToken ct)
    {
        var points = plan.Points.DistinctBy(point => point.Plan.Fingerprint, StringComparer.Ordinal).ToList();
        var known = await KnownExperiments(connection, owner, [.. points.Select(point => point.Plan.Fingerprint)], ct);
        // One run for all of them, or they could not share what they have in common.
        var next = again && known.Count > 0 ? known.Values.Max(experiment => experiment.Run) + 1 : 0;
        var wanted = points.Where(point => again || !known.TryGetValue(point.Plan.Fingerprint, out var found) || found.Bad)
            .Select(point => (Point: point, Run: again ? next : known.TryGetValue(point.Plan.Fingerprint, out var found) ? found.Run : 0)).ToList();
        var unplanned = wanted.Where(entry => runs.Of(entry.Point, entry.Run) is null).ToList();
        if (unplanned.Count > 0) return Placed.Nothing with { Unplanned = unplanned };

        var made = wanted.Select(entry => new NewExperiment(Guid.CreateVersion7(), entry.Point.Spec, entry.Point.Plan.Fingerprint, runs.Of(entry.Point, entry.Run)!, entry.Run, SweepOnly: true)).ToList();
        var stored = await PlanRows.Insert(connection, owner, made, ct);
        var byIdentity = made.ToDictionary(experiment => experiment.Identity, StringComparer.Ordinal);
        var shared = points.Where(point => !byIdentity.ContainsKey(point.Plan.Fingerprint)).ToDictionary(point => known[point.Plan.Fingerprint].Id, point => point.Plan);
        var sharedJobs = await JobsOf(connection, [.. shared.Keys], ct);

        PlacedPoint PointOf(PlannedPoint point)
        {
            Guid experiment;
            Func<string, Guid> job;
            if (byIdentity.TryGetValue(point.Plan.Fingerprint, out var own)) (experiment, job) = (own.Id, key => stored.Jobs[own.Plan.Job(key).Fingerprint]);
            else (experiment, job) = (known[point.Plan.Fingerprint].Id, key => sharedJobs[(known[point.Plan.Fingerprint].Id, key)]);
            var sources = point.Plan.Results.Select(result => new PointSource(result.Key, job(result.Value.Job), result.Value.Job, result.Value.Target, result.Value.Aggregation)).ToList();
            Guid? score = plan.Spec.Halving?.By is MetricScoreSpec { Model: var model } ? job(point.Plan.TrainingOf(model).Key) : null;
            return new(point.Point, experiment, sources, score);
        }
        return new([.. plan.Points.Select(PointOf)], made.Count, made.SelectMany(e => e.Plan.Jobs).Select(j => j.Fingerprint).Distinct(StringComparer.Ordinal).Count(), stored.Living);
    }

    static async Task<Dictionary<string, (Guid Id, int Run, bool Bad)>> KnownExperiments(NpgsqlConnection connection, string owner, string[] identities, CancellationToken ct) =>
        (await connection.Rows(
            """
            SELECT e.spec_fingerprint, e.id, e.run_number, e.cancelled_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = e.id AND job.state IN ('Failed', 'Cancelled'))
            FROM (
                SELECT DISTINCT ON (spec_fingerprint) id, spec_fingerprint, run_number, cancelled_at FROM experiment
                WHERE owner = $1 AND spec_fingerprint = ANY($2) ORDER BY spec_fingerprint, run_number DESC, seq DESC) e
            """,
            [owner, identities], reader => (Identity: reader.GetString(0), Known: (reader.GetGuid(1), reader.GetInt32(2), reader.GetBoolean(3))), ct))
            .ToDictionary(row => row.Identity, row => row.Known, StringComparer.Ordinal);

    static async Task<Dictionary<(Guid Experiment, string Key), Guid>> JobsOf(NpgsqlConnection connection, Guid[] experiments, CancellationToken ct) =>
        (await connection.Rows(
            "SELECT experiment_id, key, job_id FROM experiment_job WHERE experiment_id = ANY($1)", [experiments],
            reader => (Use: (reader.GetGuid(0), reader.GetString(1)), Job: reader.GetGuid(2)), ct)).ToDictionary(row => row.Use, row => row.Job);

    static async Task InsertPoints(NpgsqlConnection connection, Guid sweep, int rung, IReadOnlyList<PlacedPoint> points, CancellationToken ct)
    {
        foreach (var chunk in points.Chunk(RowsPerStatement))
            await connection.Execute(
                """
                INSERT INTO sweep_point (sweep_id, rung, ordinal, experiment_id, axes, sources, score_job)
                SELECT $1, $2, ordinal, experiment, axes::json, sources::json, score_job
                FROM unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::uuid[]) AS new(ordinal, experiment, axes, sources, score_job)
                """,
                [sweep, rung, .. Columns(chunk)], ct);
    }

    static async Task ReplacePoints(NpgsqlConnection connection, Guid sweep, int rung, IReadOnlyList<PlacedPoint> points, CancellationToken ct)
    {
        foreach (var chunk in points.Chunk(RowsPerStatement))
            await connection.Execute(
                """
                UPDATE sweep_point SET experiment_id = new.experiment, sources = new.sources::json, score_job = new.score_job, score = NULL
                FROM unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::uuid[]) AS new(ordinal, experiment, axes, sources, score_job)
                WHERE sweep_point.sweep_id = $1 AND sweep_point.rung = $2 AND sweep_point.ordinal = new.ordinal
                """,
                [sweep, rung, .. Columns(chunk)], ct);
    }

    static object[] Columns(PlacedPoint[] points) =>
    [
        points.Select(point => point.Point.Ordinal).ToArray(), points.Select(point => point.Experiment).ToArray(), points.Select(point => Json(point.Point.Values)).ToArray(),
        points.Select(point => Json(point.Sources)).ToArray(), points.Select(point => point.ScoreJob).ToArray(),
    ];

    static string Json<T>(T value) => JsonSerializer.Serialize(value, SpecJson.Options);

    sealed record PlacedPoint(SweepPoint Point, Guid Experiment, IReadOnlyList<PointSource> Sources, Guid? ScoreJob);

    /// <summary>What was found and made.</summary>
    sealed record Placed(IReadOnlyList<PlacedPoint> Points, int Made, int Jobs, int ReusedJobs)
    {
        public static Placed Nothing { get; } = new([], 0, 0, 0);

        /// <summary>Runs of points that have to be planned first; nothing was written then.</summary>
        public IReadOnlyList<(PlannedPoint Point, int Run)> Unplanned { get; init; } = [];
    }
}
