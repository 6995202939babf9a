using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;

namespace KdRobust.Persistence.Sweeps;

public sealed partial class SweepStore
{
    /// <summary>
    /// Cancels a sweep as one: it makes no further rung, and its experiments end, but for those that another living sweep has too or
    /// that somebody asked for by name. Jobs that a living experiment uses go on.
    /// </summary>
    /// <param name="sweep">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="ct">Gives up; nothing is changed then.</param>
    public async Task<SweepCancellation> Cancel(Guid sweep, string? owner, string by, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var of = await connection.Value<string>("SELECT owner FROM sweep WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [sweep, owner], ct);
        if (of is null) return new(false, false, 0, 0, 0);
        await connection.LockOwner(of, ct);

        var experiments = await connection.Rows(
            """
            SELECT e.id, e.sweep_only AND NOT EXISTS (
                SELECT 1 FROM sweep_point other JOIN sweep ON sweep.id = other.sweep_id
                WHERE other.experiment_id = e.id AND other.sweep_id <> $1 AND sweep.cancelled_at IS NULL) AS ours
            FROM experiment e
            WHERE e.cancelled_at IS NULL AND e.id IN (SELECT experiment_id FROM sweep_point WHERE sweep_id = $1)
                AND EXISTS (SELECT 1 FROM experiment_job use JOIN job ON job.id = use.job_id WHERE use.experiment_id = e.id AND job.state NOT IN ('Succeeded', 'Failed', 'Cancelled'))
            """,
            [sweep], reader => (Id: reader.GetGuid(0), Ours: reader.GetBoolean(1)), ct);
        // Not yet decided counts as living too: all its jobs may have ended a moment ago.
        var marked = await connection.Execute(
            "UPDATE sweep SET cancelled_at = clock_timestamp(), cancelled_by = $2, open_rung = NULL WHERE id = $1 AND cancelled_at IS NULL AND ($3 OR open_rung IS NOT NULL)",
            [sweep, by, experiments.Count > 0], ct);
        if (marked == 0) return new(true, true, 0, 0, 0); // Not committed: what has ended keeps its state.

        var ours = experiments.Where(experiment => experiment.Ours).Select(experiment => experiment.Id).ToArray();
        await connection.Execute("UPDATE experiment SET cancelled_at = clock_timestamp(), cancelled_by = $2 WHERE id = ANY($1)", [ours, by], ct);
        var jobs = await connection.Rows(
            """
            SELECT job.id, job.state = 'Running' FROM job
            WHERE job.id IN (SELECT job_id FROM experiment_job WHERE experiment_id = ANY($1)) AND job.state NOT IN ('Succeeded', 'Failed', 'Cancelled')
                AND NOT EXISTS (SELECT 1 FROM experiment_job other JOIN experiment e ON e.id = other.experiment_id WHERE other.job_id = job.id AND e.cancelled_at IS NULL)
            ORDER BY job.seq FOR UPDATE OF job
            """,
            [ours], reader => (Id: reader.GetGuid(0), Running: reader.GetBoolean(1)), ct);
        foreach (var (id, _) in jobs.Where(job => job.Running)) await Jobs.JobStore.Cancel(connection, id, by, ct);
        // Whoever uses a job uses all it waits for: what descends from these is among them.
        await connection.Execute(
            """
            UPDATE job SET state = 'Cancelled', reason = 'cancelled by ' || $2, finished_at = clock_timestamp(),
                cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), cancel_requested_by = coalesce(cancel_requested_by, $2)
            WHERE id = ANY($1)
            """,
            [jobs.Where(job => !job.Running).Select(job => job.Id).ToArray(), by], ct);
        await connection.Execute("SELECT pg_notify('kdr_sweep', $1::text)", [sweep.ToString()], ct);
        await Act.Record(connection, $"sweep:{sweep}", "cancelled", ct);
        await transaction.CommitAsync(ct);
        return new(true, false, ours.Length, experiments.Count - ours.Length, jobs.Count);
    }
}
