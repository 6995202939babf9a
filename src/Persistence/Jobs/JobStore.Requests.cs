using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>What people ask about jobs that exist: to pause, to go on, to be tried again, to go first.</summary>
public sealed partial class JobStore
{
    /// <summary>Pauses a job: at once where it does not run; a running one takes a resume point and stops; one that waits for others pauses when they are done.</summary>
    /// <param name="job">The job.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed although several experiments use it.</param>
    /// <param name="ct">Gives up.</param>
    public Task<RequestOutcome> Pause(Guid job, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        Ask(job, evenIfShared, (connection, asked) => Pause(connection, asked, by, ct), ct);

    /// <summary>Lets a paused job go on from its newest resume point, under a new fence; withdraws a pause that has not begun.</summary>
    /// <param name="job">The job.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed although several experiments use it.</param>
    /// <param name="ct">Gives up.</param>
    public Task<RequestOutcome> Resume(Guid job, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        Ask(job, evenIfShared, (connection, asked) => Resume(connection, asked, by, ct), ct);

    /// <summary>Has a failed or cancelled job tried again with all its attempts, and with it the descendants that were cancelled because of it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="from">Where it begins.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed although several experiments use it.</param>
    /// <param name="ct">Gives up.</param>
    public Task<RequestOutcome> Retry(Guid job, RetryFrom from, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        Ask(job, evenIfShared, (connection, asked) => Retry(connection, asked, from, by, ct), ct);

    /// <summary>Changes how early a job that does not run yet is taken.</summary>
    /// <param name="job">The job.</param>
    /// <param name="priority">From <see cref="JobPriority.Lowest"/> to <see cref="JobPriority.Highest"/>; higher goes first.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed although several experiments use it.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is no priority.</exception>
    public Task<RequestOutcome> SetPriority(Guid job, int priority, string by, bool evenIfShared = false, CancellationToken ct = default)
    {
        Checked(priority);
        return Ask(job, evenIfShared, (connection, asked) => SetPriority(connection, asked, priority, by, ct), ct);
    }

    /// <summary>Pauses every job of an experiment that has not ended; those that other experiments use only when confirmed.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed for shared jobs too.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ExperimentOutcome> PauseExperiment(Guid experiment, string? owner, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(experiment, owner, evenIfShared, (connection, asked) => Pause(connection, asked, by, ct), ct);

    /// <summary>Lets every paused job of an experiment go on.</summary>
    /// <inheritdoc cref="PauseExperiment"/>
    public Task<ExperimentOutcome> ResumeExperiment(Guid experiment, string? owner, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(experiment, owner, evenIfShared, (connection, asked) => Resume(connection, asked, by, ct), ct);

    /// <summary>Has every failed or cancelled job of an experiment tried again, and the experiment counted as not cancelled.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="from">Where each begins.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed for shared jobs too.</param>
    /// <param name="ct">Gives up.</param>
    public Task<ExperimentOutcome> RetryExperiment(Guid experiment, string? owner, RetryFrom from, string by, bool evenIfShared = false, CancellationToken ct = default) =>
        AskAll(experiment, owner, evenIfShared, (connection, asked) => Retry(connection, asked, from, by, ct), ct);

    /// <summary>Changes the priority of every job of an experiment that does not run yet.</summary>
    /// <param name="experiment">Its id.</param>
    /// <param name="owner">Null for every owner's.</param>
    /// <param name="priority">The priority.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed for shared jobs too.</param>
    /// <param name="ct">Gives up.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is no priority.</exception>
    public Task<ExperimentOutcome> SetExperimentPriority(Guid experiment, string? owner, int priority, string by, bool evenIfShared = false, CancellationToken ct = default)
    {
        Checked(priority);
        return AskAll(experiment, owner, evenIfShared, (connection, asked) => SetPriority(connection, asked, priority, by, ct), ct);
    }

    /// <summary>A locked job that somebody asks something about.</summary>
    sealed record AskedJob(Guid Id, string Owner, string Name, JobState State, IReadOnlyList<JobUser> Users)
    {
        internal RequestOutcome Says(RequestKind kind, JobState state, string sentence) => new(kind, state, $"'{Name}' {sentence}", Users);
    }

    static void Checked(int priority)
    {
        if (!JobPriority.IsValid(priority))
            throw new ArgumentOutOfRangeException(nameof(priority), priority, $"expected a whole number from {JobPriority.Lowest} to {JobPriority.Highest}");
    }

    async Task<RequestOutcome> Ask(Guid job, bool evenIfShared, Func<NpgsqlConnection, AskedJob, Task<RequestOutcome>> action, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.Value<string>("SELECT owner FROM job WHERE id = $1", [job], ct) is not { } owner)
            return new RequestOutcome(RequestKind.NotFound, null, $"there is no job {job}", []);
        // As a submission does, which may want the very job that is asked about.
        await connection.LockOwner(owner, ct);
        await LockFamilies(connection, [job], ct);
        var outcome = await Confirmed(connection, (await AskedJobs(connection, [job], ct))[0], evenIfShared, action, ct);
        if (outcome.Kind is RequestKind.Done or RequestKind.Requested)
            await Act.Record(connection, $"job:{job}", outcome.Says, ct);
        await transaction.CommitAsync(ct);
        return outcome;
    }

    async Task<ExperimentOutcome> AskAll(
        Guid experiment, string? owner, bool evenIfShared, Func<NpgsqlConnection, AskedJob, Task<RequestOutcome>> action, CancellationToken ct)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var of = await connection.Value<string>("SELECT owner FROM experiment WHERE id = $1 AND ($2::text IS NULL OR owner = $2)", [experiment, owner], ct);
        if (of is null)
            return new ExperimentOutcome(false, []);
        await connection.LockOwner(of, ct);
        var keys = await connection.Rows(
            "SELECT key, job_id FROM experiment_job WHERE experiment_id = $1 ORDER BY ordinal", [experiment], reader => (Key: reader.GetString(0), Id: reader.GetGuid(1)), ct);
        await LockFamilies(connection, [.. keys.Select(key => key.Id)], ct);
        var done = new List<ExperimentJobOutcome>();
        var takenBack = new HashSet<Guid>();
        foreach (var job in await AskedJobs(connection, [.. keys.Select(key => key.Id).Distinct()], ct))
        {
            if (job.State == JobState.Succeeded)
                continue;
            var key = keys.First(known => known.Id == job.Id).Key;
            // A parent that was asked before has brought it along.
            var outcome = takenBack.Contains(job.Id)
                ? job.Says(RequestKind.Done, JobState.Blocked, "came back with the job it waits for")
                : await Confirmed(connection, job, evenIfShared, action, ct);
            takenBack.UnionWith(outcome.TakenBack);
            done.Add(new ExperimentJobOutcome(key, job.Id, outcome));
        }
        await connection.Execute("SELECT pg_notify('kdr_experiment', $1::text)", [experiment.ToString()], ct);
        var all = new ExperimentOutcome(true, done);
        if (all.Changed)
            await Act.Record(connection, $"experiment:{experiment}", FormattableString.Invariant($"{done.Count(job => job.Outcome.Kind is RequestKind.Done or RequestKind.Requested)} of {done.Count} job(s)"), ct);
        await transaction.CommitAsync(ct);
        return all;
    }

    static async Task<RequestOutcome> Confirmed(
        NpgsqlConnection connection, AskedJob job, bool evenIfShared, Func<NpgsqlConnection, AskedJob, Task<RequestOutcome>> action, CancellationToken ct)
    {
        if (job.Users.Count > 1 && !evenIfShared)
            return job.Says(RequestKind.Shared, job.State, $"is used by {job.Users.Count} experiments: {string.Join(", ", job.Users.Select(user => user.Name))}; confirm to change it for all of them");
        ct.ThrowIfCancellationRequested();
        return await action(connection, job);
    }

    static async Task<List<AskedJob>> AskedJobs(NpgsqlConnection connection, Guid[] ids, CancellationToken ct)
    {
        var users = (await connection.Rows(
            "SELECT j.job_id, e.id, e.name FROM experiment e JOIN experiment_job j ON j.experiment_id = e.id WHERE j.job_id = ANY($1) AND e.cancelled_at IS NULL GROUP BY j.job_id, e.id ORDER BY e.seq",
            [ids], reader => (Job: reader.GetGuid(0), User: new JobUser(reader.GetGuid(1), reader.GetString(2))), ct)).ToLookup(use => use.Job, use => use.User);
        return await connection.Rows(
            "SELECT id, owner, name, state FROM job WHERE id = ANY($1) ORDER BY seq", [ids],
            reader => new AskedJob(reader.GetGuid(0), reader.GetString(1), reader.GetString(2), Enum.Parse<JobState>(reader.GetString(3)), [.. users[reader.GetGuid(0)]]), ct);
    }

    /// <summary>
    /// Locks jobs with what they wait for and what waits for them, in the order of all locks: none of them ends while it is
    /// counted whether a job still has to wait for it.
    /// </summary>
    static Task<int> LockFamilies(NpgsqlConnection connection, Guid[] jobs, CancellationToken ct) =>
        connection.Execute(
            """
            WITH RECURSIVE below(id) AS (
                SELECT unnest($1::uuid[])
                UNION SELECT edge.job_id FROM job_dependency edge JOIN below ON edge.parent_id = below.id),
            family(id) AS (SELECT id FROM below UNION SELECT edge.parent_id FROM job_dependency edge JOIN below ON edge.job_id = below.id)
            SELECT id FROM job WHERE id IN (SELECT id FROM family) ORDER BY seq FOR UPDATE
            """,
            [jobs], ct);
}
