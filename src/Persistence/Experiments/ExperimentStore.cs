using System.Text.Json;
using KdRobust.Domain.Experiments;
using KdRobust.Domain.Jobs;
using KdRobust.Domain.Plans;
using KdRobust.Persistence.Jobs;
using KdRobust.Persistence.Models;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Experiments;

/// <summary>Experiments: submitted as one transaction, read, cancelled.</summary>
public sealed partial class ExperimentStore(NpgsqlDataSource database)
{
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
    public async Task<Submitted> Submit(string owner, ExperimentSpec spec, bool again, CancellationToken ct = default)
    {
        var identity = ExperimentPlan.Of(spec).Fingerprint;
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // One submission of an owner at a time: two of the same spec must find each other, and shared jobs are made once.
        await connection.LockOwner(owner, ct);
        await JobTrace.Follow(connection, ct);

        var run = 0;
        if (await Newest(connection, owner, identity, ct) is { } newest)
        {
            if (!again && !await EndedBadly(connection, newest.Id, ct))
                return newest with { Created = false };
            run = again ? newest.RunNumber + 1 : newest.RunNumber;
        }

        var plan = ExperimentPlan.Of(spec, run);
        var experiment = Guid.CreateVersion7();
        await connection.Execute(
            "INSERT INTO experiment (id, owner, name, title, spec, spec_fingerprint, run_number) VALUES ($1, $2, $3, $4, $5::json, $6, $7)",
            [experiment, owner, spec.Name, spec.Title, JsonSerializer.Serialize(spec, SpecJson.Options), identity, run], ct);
        var reused = await InsertJobs(connection, owner, experiment, plan, ct);
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.ToString()], ct);
        await transaction.CommitAsync(ct);
        return new Submitted(experiment, true, run, plan.Jobs.Count, reused);
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

    /// <summary>The jobs of a plan: those of the owner that live already, and new rows for the others.</summary>
    /// <returns>How many were there already.</returns>
    static async Task<int> InsertJobs(NpgsqlConnection connection, string owner, Guid experiment, ExperimentPlan plan, CancellationToken ct)
    {
        // Locked, so that none of them ends between being counted as a parent and being written down as one.
        var living = (await connection.Rows(
            """
            SELECT id, fingerprint, state FROM job
            WHERE owner = $1 AND fingerprint = ANY($2) AND state NOT IN ('Failed', 'Cancelled')
            ORDER BY seq FOR UPDATE
            """,
            [owner, plan.Jobs.Select(job => job.Fingerprint).ToArray()],
            reader => (Id: reader.GetGuid(0), Fingerprint: reader.GetString(1), State: reader.GetString(2)), ct)).ToDictionary(job => job.Fingerprint, StringComparer.Ordinal);
        // A job that lives keeps its file, and one that succeeded needs it no more.
        var toRead = plan.Jobs.Where(job => !living.ContainsKey(job.Fingerprint)).Select(job => job.Payload).OfType<ImportPayload>().Select(import => import.File.Sha256);
        await ModelFileStore.Require(connection, owner, toRead, ct);
        // Who needs a job withdraws the request to cancel it.
        await connection.Execute(
            "UPDATE job SET cancel_requested_at = NULL, cancel_requested_by = NULL WHERE id = ANY($1) AND state = 'Running' AND cancel_requested_at IS NOT NULL",
            [living.Values.Select(job => job.Id).ToArray()], ct);

        var ids = new Dictionary<string, Guid>(StringComparer.Ordinal);
        var open = new HashSet<string>(StringComparer.Ordinal);
        var ordinal = 0;
        foreach (var job in plan.Jobs)
        {
            var known = living.TryGetValue(job.Fingerprint, out var found);
            ids[job.Key] = known ? found.Id : Guid.CreateVersion7();
            if (!known || found.State != nameof(JobState.Succeeded))
                open.Add(job.Key);
            if (!known)
                await InsertJob(connection, owner, ids[job.Key], job, ids, open, ct);
            await connection.Execute(
                "INSERT INTO experiment_job (experiment_id, key, job_id, ordinal, reused) VALUES ($1, $2, $3, $4, $5)",
                [experiment, job.Key, ids[job.Key], ordinal++, known], ct);
        }
        return living.Count;
    }

    static async Task InsertJob(
        NpgsqlConnection connection, string owner, Guid id, PlannedJob job, Dictionary<string, Guid> ids, HashSet<string> open, CancellationToken ct)
    {
        var waitsFor = job.DependsOn.Count(open.Contains);
        await connection.Execute(
            """
            INSERT INTO job (id, owner, kind, name, fingerprint, payload, threads, device, priority, state, reason, deps_left, fence, attempt, max_attempts, crash_count)
            VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, 0, $9, 'submitted', $10, 0, 0, $11, 0)
            """,
            [
                id, owner, job.Payload.KindName, job.DisplayName, job.Fingerprint, JsonSerializer.Serialize(job.Payload, SpecJson.Options),
                job.Payload.Compute.Threads, JobStore.Stored(job.Payload.Compute.Device),
                waitsFor == 0 ? nameof(JobState.Queued) : nameof(JobState.Blocked), waitsFor, RetryPolicy.MaxAttempts,
            ], ct);
        foreach (var (role, input) in job.Inputs)
            await connection.Execute("INSERT INTO job_dependency (job_id, role, parent_id, output) VALUES ($1, $2, $3, $4)", [id, role, ids[input.Job], input.Output], ct);
    }
}
