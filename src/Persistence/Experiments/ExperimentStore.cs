using KdRobust.Domain.Experiments;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Keys;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

/// <summary>Experiments: submitted as one transaction, read, cancelled.</summary>
public sealed partial class ExperimentStore(NpgsqlDataSource database)
{
    readonly SubmissionLine line = new(database);

    /// <summary>
    /// Stores an experiment with its jobs and who waits for whom, and wakes the workers, in one transaction. The newest
    /// experiment of the same spec is returned instead unless it failed or was cancelled; then a new one takes its place and
    /// uses whatever of it succeeded. Jobs of the same owner with equal fingerprints are shared.
    /// </summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="spec">A spec without problems.</param>
    /// <param name="again">Compute everything anew, as the next run of this spec.</param>
    /// <param name="ct">Gives up; nothing is stored then.</param>
    /// <exception cref="ModelFilesMissingException">A model imports a file that this owner has not uploaded; nothing is stored then.</exception>
    /// <exception cref="KeyEndedException">The key whose act this is opens nothing any more; nothing is stored then.</exception>
    public async Task<Submitted> Submit(string owner, ExperimentSpec spec, bool again, CancellationToken ct = default)
    {
        var first = ExperimentPlan.Of(spec);
        return again || await line.Store(owner, spec, first, ct) is not var (submitted, _) ? await SubmitAlone(owner, spec, first, again, ct) : submitted;
    }

    /// <summary>As <see cref="Submit"/>, with the experiment as it is then: a new one as its own transaction left it.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="spec">A spec without problems.</param>
    /// <param name="again">Compute everything anew, as the next run of this spec.</param>
    /// <param name="ct">Gives up; nothing is stored then.</param>
    /// <exception cref="ModelFilesMissingException">A model imports a file that this owner has not uploaded; nothing is stored then.</exception>
    /// <exception cref="KeyEndedException">The key whose act this is opens nothing any more; nothing is stored then.</exception>
    public async Task<(Submitted Submitted, ExperimentDetails Details)> SubmitAndRead(string owner, ExperimentSpec spec, bool again, CancellationToken ct = default)
    {
        var first = ExperimentPlan.Of(spec);
        if (!again && await line.Store(owner, spec, first, ct) is { } stored) return stored;
        var submitted = await SubmitAlone(owner, spec, first, again, ct);
        return (submitted, (await Details(submitted.Id, null, ct))!);
    }

    async Task<Submitted> SubmitAlone(string owner, ExperimentSpec spec, ExperimentPlan first, bool again, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // One submission of an owner at a time: two of the same spec must find each other, and shared jobs are made once.
        await connection.LockOwner(owner, ct);
        await ApiKeyStore.Check(connection, Act.Present?.KeyId, ct);
        await JobTrace.Follow(connection, ct);

        var run = 0;
        if (await Newest(connection, owner, first.Fingerprint, ct) is { } newest)
        {
            if (!again && !await EndedBadly(connection, newest.Id, ct))
            {
                // Asked for by name: it no longer goes when the sweep goes that made it.
                if (await connection.Execute("UPDATE experiment SET sweep_only = false WHERE id = $1 AND sweep_only", [newest.Id], ct) > 0) await transaction.CommitAsync(ct);
                return newest with { Created = false };
            }
            run = again ? newest.RunNumber + 1 : newest.RunNumber;
        }

        var plan = run == 0 ? first : ExperimentPlan.Of(spec, run);
        var experiment = new NewExperiment(Guid.CreateVersion7(), spec, first.Fingerprint, plan, run, SweepOnly: false);
        var stored = await PlanRows.Insert(connection, owner, [experiment], ct);
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.Id.ToString()], ct);
        await Act.Record(connection, $"experiment:{experiment.Id}", "created", ct);
        await transaction.CommitAsync(ct);
        return new Submitted(experiment.Id, true, run, stored.Uses, stored.Living);
    }

    /// <summary>
    /// Leaves every job that other experiments use, and cancels the others: at once where they do not run, else by asking
    /// their workers to stop.
    /// </summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<ExperimentCancellation> Cancel(Guid experiment, string? owner, string by, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var of = await connection.Value<string>("SELECT owner FROM experiment WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [experiment, owner], ct);
        if (of is null)
            return new ExperimentCancellation(false, false, [], []);
        await connection.LockOwner(of, ct);

        var jobs = await connection.Rows(
            """
            SELECT use.key, job.id, job.state FROM experiment_job use JOIN job ON job.id = use.job_id
            WHERE use.experiment_id = $1 AND job.state NOT IN ('Succeeded', 'Failed', 'Cancelled')
            ORDER BY job.seq FOR UPDATE OF job
            """,
            [experiment], reader => (Key: reader.GetString(0), Id: reader.GetGuid(1)), ct);
        var marked = await connection.Execute(
            "UPDATE experiment SET cancelled_at = clock_timestamp(), cancelled_by = $2 WHERE id = $1 AND cancelled_at IS NULL", [experiment, by], ct);
        if (jobs.Count == 0 || marked == 0)
            return new ExperimentCancellation(true, true, [], []); // Not committed: what has ended keeps its state.

        var others = (await connection.Rows(
            """
            SELECT use.job_id, other.id, other.name FROM experiment_job use
            JOIN experiment other ON other.id = use.experiment_id AND other.cancelled_at IS NULL
            WHERE use.job_id = ANY($1) AND use.experiment_id <> $2 ORDER BY other.seq
            """,
            [jobs.Select(job => job.Id).ToArray(), experiment],
            reader => (Job: reader.GetGuid(0), User: new JobUser(reader.GetGuid(1), reader.GetString(2))), ct)).ToLookup(use => use.Job, use => use.User);
        var own = jobs.Where(job => !others.Contains(job.Id)).ToList();
        foreach (var (_, id) in own)
            await JobStore.Cancel(connection, id, by, ct);
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.ToString()], ct);
        await Act.Record(connection, $"experiment:{experiment}", "cancelled", ct);
        await transaction.CommitAsync(ct);
        return new ExperimentCancellation(
            true, false,
            [.. own.Select(job => job.Key)],
            [.. jobs.Where(job => others.Contains(job.Id)).Select(job => new KeptJob(job.Key, [.. others[job.Id]]))]);
    }

    static async Task<Submitted?> Newest(NpgsqlConnection connection, string owner, string identity, CancellationToken ct) =>
        (await connection.Rows(
            """
            SELECT e.id, e.run_number, count(j.job_id)::int, count(j.job_id) FILTER (WHERE j.reused)::int
            FROM experiment e LEFT JOIN experiment_job j ON j.experiment_id = e.id
            WHERE e.owner = $1 AND e.spec_fingerprint = $2
            GROUP BY e.id ORDER BY e.run_number DESC, e.seq DESC LIMIT 1
            """,
            [owner, identity], reader => new Submitted(reader.GetGuid(0), false, reader.GetInt32(1), reader.GetInt32(2), reader.GetInt32(3)), ct)).SingleOrDefault();

    static async Task<bool> EndedBadly(NpgsqlConnection connection, Guid experiment, CancellationToken ct) =>
        await connection.Value<bool>(
            """
            SELECT e.cancelled_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM experiment_job use JOIN job ON job.id = use.job_id
                WHERE use.experiment_id = e.id AND job.state IN ('Failed', 'Cancelled'))
            FROM experiment e WHERE e.id = $1
            """,
            [experiment], ct);
}
