using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Domain.Sweeps;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Sweeps;

/// <summary>Sweeps: stored with all their experiments in one transaction, filled up, read, cancelled, led from rung to rung.</summary>
public sealed partial class SweepStore(NpgsqlDataSource database)
{
    const int RowsPerStatement = 1000;

    /// <summary>
    /// Stores a sweep and the experiments of its points. A point whose experiment its owner has already, and which has not failed
    /// and is not cancelled, uses that one. The newest sweep of the same spec is returned instead, filled up where its points have
    /// failed or were cancelled.
    /// </summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="plan">The plan of all points.</param>
    /// <param name="again">Compute everything anew, as the next run of this sweep.</param>
    /// <param name="ct">Gives up; nothing is stored then.</param>
    /// <exception cref="ModelFilesMissingException">A model imports a file that this owner has not uploaded; nothing is stored then.</exception>
    public async Task<SweepSubmitted> Submit(string owner, SweepPlan plan, bool again, CancellationToken ct = default)
    {
        var runs = new PlannedRuns();
        while (true)
        {
            await using var connection = await database.OpenLiving(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await connection.LockOwner(owner, ct);
            await JobTrace.Follow(connection, ct);
            var known = await Newest(connection, owner, plan.Fingerprint, ct);
            if (known is not null && !again)
            {
                await transaction.RollbackAsync(ct);
                return await Fill(known.Value.Id, ct);
            }

            // Planned outside of any transaction: it may take seconds, and the server ends transactions that say nothing.
            var placed = await Place(connection, owner, plan, again, runs, ct);
            if (placed.Unplanned.Count > 0)
            {
                await transaction.RollbackAsync(ct);
                runs.Plan(placed.Unplanned);
                continue;
            }
            var (id, run) = (Guid.CreateVersion7(), known is null ? 0 : known.Value.Run + 1);
            await connection.Execute(
                "INSERT INTO sweep (id, owner, name, title, spec, fingerprint, run_number, open_rung) VALUES ($1, $2, $3, $4, $5::json, $6, $7, $8)",
                [id, owner, plan.Spec.Name, plan.Spec.Title, JsonSerializer.Serialize(plan.Spec, SpecJson.Options), plan.Fingerprint, run, plan.Spec.Halving is null ? null : 0], ct);
            await InsertPoints(connection, id, plan.Rung, placed.Points, ct);
            await connection.Execute("SELECT pg_notify('kdr_sweep', $1::text)", [id.ToString()], ct);
            await Act.Record(connection, $"sweep:{id}", "created", ct);
            await transaction.CommitAsync(ct);
            return new(id, true, run, placed.Points.Count, placed.Made, placed.Jobs, placed.ReusedJobs);
        }
    }

    /// <summary>Makes anew what of a sweep has failed or was cancelled, and nothing else; a cancelled sweep goes on. Of a halving only the points of the newest rung: earlier decisions stand.</summary>
    /// <exception cref="KeyNotFoundException">There is no such sweep.</exception>
    /// <exception cref="ModelFilesMissingException">A file that is needed again has been deleted; nothing is changed then.</exception>
    public async Task<SweepSubmitted> Fill(Guid sweep, CancellationToken ct = default)
    {
        var runs = new PlannedRuns();
        SweepPlan? plan = null;
        while (true)
        {
            await using var connection = await database.OpenLiving(ct);
            var row = await Find(connection, sweep, ct) ?? throw new KeyNotFoundException($"there is no sweep {sweep}");
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await connection.LockOwner(row.Owner, ct);
            await JobTrace.Follow(connection, ct);
            row = (await Find(connection, sweep, ct))!;
            var bad = await EndedBadly(connection, sweep, row.LastRung, ct);
            var unchanged = new SweepSubmitted(sweep, false, row.Run, row.Points, 0, 0, 0);
            if (bad.Count == 0 && !row.Halted) return unchanged;
            if (bad.Count > 0 && (plan is null || !plan.Points.Select(point => point.Point.Ordinal).SequenceEqual(bad)))
            {
                await transaction.RollbackAsync(ct);
                plan = PlanOf(row.Spec, row.LastRung, bad);
                continue;
            }

            var placed = bad.Count == 0 ? Placed.Nothing : await Place(connection, row.Owner, plan!, again: false, runs, ct);
            if (placed.Unplanned.Count > 0)
            {
                await transaction.RollbackAsync(ct);
                runs.Plan(placed.Unplanned);
                continue;
            }
            await ReplacePoints(connection, sweep, row.LastRung, placed.Points, ct);
            // A rung with new points has to be decided, also when it was given up before. The last one's scores are taken down the same way.
            await connection.Execute(
                "UPDATE sweep SET cancelled_at = NULL, cancelled_by = NULL, trouble = NULL, open_rung = $2 WHERE id = $1", [sweep, row.Spec.Halving is null ? null : row.LastRung], ct);
            await connection.Execute("SELECT pg_notify('kdr_sweep', $1::text)", [sweep.ToString()], ct);
            await Act.Record(connection, $"sweep:{sweep}", "filled up", ct);
            await transaction.CommitAsync(ct);
            return unchanged with { Made = placed.Made, Jobs = placed.Jobs, ReusedJobs = placed.ReusedJobs };
        }
    }

    static SweepPlan PlanOf(SweepSpec spec, int rung, IReadOnlyList<int> ordinals)
    {
        var all = SweepPoints.Of(spec.Space);
        var (plan, problems) = SweepPlan.Of(spec, rung, [.. ordinals.Select(ordinal => all[ordinal])]);
        return plan ?? throw new InvalidDataException($"this build does not accept a sweep that was stored: {problems[0]}; submit it anew");
    }

    static async Task<(Guid Id, int Run)?> Newest(NpgsqlConnection connection, string owner, string fingerprint, CancellationToken ct) =>
        (await connection.Rows(
            "SELECT id, run_number FROM sweep WHERE owner = $1 AND fingerprint = $2 ORDER BY run_number DESC LIMIT 1",
            [owner, fingerprint], reader => ((Guid, int)?)(reader.GetGuid(0), reader.GetInt32(1)), ct)).SingleOrDefault();

    static async Task<StoredSweep?> Find(NpgsqlConnection connection, Guid sweep, CancellationToken ct) =>
        (await connection.Rows(
            """
            SELECT owner, spec::text, run_number, open_rung, cancelled_at IS NOT NULL OR trouble IS NOT NULL,
                (SELECT max(rung) FROM sweep_point WHERE sweep_id = sweep.id), (SELECT count(*)::int FROM sweep_point WHERE sweep_id = sweep.id AND rung = 0)
            FROM sweep WHERE id = $1
            """,
            [sweep],
            reader => new StoredSweep(
                reader.GetString(0), JsonSerializer.Deserialize<SweepSpec>(reader.GetString(1), SpecJson.Options)!, reader.GetInt32(2),
                reader.IsDBNull(3) ? null : reader.GetInt32(3), reader.GetBoolean(4), reader.GetInt32(5), reader.GetInt32(6)), ct)).SingleOrDefault();

    /// <summary>Points of a rung whose experiment failed or was cancelled, in their order.</summary>
    static Task<List<int>> EndedBadly(NpgsqlConnection connection, Guid sweep, int rung, CancellationToken ct) =>
        connection.Rows(
            """
            SELECT p.ordinal FROM sweep_point p JOIN experiment e ON e.id = p.experiment_id
            WHERE p.sweep_id = $1 AND p.rung = $2 AND (e.cancelled_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = e.id AND job.state IN ('Failed', 'Cancelled')))
            ORDER BY p.ordinal
            """,
            [sweep, rung], reader => reader.GetInt32(0), ct);

    sealed record StoredSweep(string Owner, SweepSpec Spec, int Run, int? OpenRung, bool Halted, int LastRung, int Points);

    /// <summary>Plans of runs beyond the first, made when they turn out to be needed.</summary>
    sealed class PlannedRuns
    {
        readonly Dictionary<(string Identity, int Run), ExperimentPlan> plans = [];

        public ExperimentPlan? Of(PlannedPoint point, int run) => run == 0 ? point.Plan : plans.GetValueOrDefault((point.Plan.Fingerprint, run));

        public void Plan(IReadOnlyList<(PlannedPoint Point, int Run)> wanted)
        {
            var made = new ExperimentPlan[wanted.Count];
            Parallel.For(0, wanted.Count, i => made[i] = ExperimentPlan.Of(wanted[i].Point.Spec, wanted[i].Run));
            for (var i = 0; i < made.Length; i++) plans[(wanted[i].Point.Plan.Fingerprint, wanted[i].Run)] = made[i];
        }
    }
}
