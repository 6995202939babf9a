using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Audit;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>What a request to cancel a job did.</summary>
public enum CancelKind
{
    /// <summary>It did not run; it is Cancelled now.</summary>
    Cancelled,
    /// <summary>It runs; its worker has been told.</summary>
    Requested,
    /// <summary>It had ended already; nothing changed.</summary>
    AlreadyEnded,
    /// <summary>More than one experiment uses it and nobody confirmed; nothing changed.</summary>
    Shared,
    /// <summary>There is no such job.</summary>
    NotFound,
}

/// <summary>An experiment that uses a job.</summary>
public sealed record JobUser(Guid ExperimentId, string Name);

/// <summary>What a request to cancel a job did, and for whom.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Users">Every experiment that uses the job and is not cancelled itself.</param>
public sealed record CancelOutcome(CancelKind Kind, IReadOnlyList<JobUser> Users);

public sealed partial class JobStore
{
    /// <summary>Asks for the end of a job and of everything that waits for it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="by">Who asks.</param>
    /// <param name="evenIfShared">Confirmed although several experiments use it.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<CancelOutcome> RequestCancel(Guid job, string by, bool evenIfShared, CancellationToken ct = default)
    {
        await using var connection = await database.OpenLiving(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var state = await connection.Value<string>("SELECT state FROM job WHERE id = $1 FOR UPDATE", [job], ct);
        if (state is null)
            return new CancelOutcome(CancelKind.NotFound, []);
        var users = await connection.Rows(
            "SELECT e.id, e.name FROM experiment e JOIN experiment_job j ON j.experiment_id = e.id WHERE j.job_id = $1 AND e.cancelled_at IS NULL ORDER BY e.seq",
            [job], reader => new JobUser(reader.GetGuid(0), reader.GetString(1)), ct);
        if (Enum.Parse<JobState>(state).IsTerminal())
            return new CancelOutcome(CancelKind.AlreadyEnded, users);
        if (users.Count > 1 && !evenIfShared)
            return new CancelOutcome(CancelKind.Shared, users);
        await Cancel(connection, job, by, ct);
        await Act.Record(connection, $"job:{job}", state == "Running" ? "requested" : "cancelled", ct);
        await transaction.CommitAsync(ct);
        return new CancelOutcome(state == "Running" ? CancelKind.Requested : CancelKind.Cancelled, users);
    }

    /// <summary>A running job is asked to stop and its worker woken; any other that has not ended is Cancelled at once.</summary>
    internal static async Task Cancel(NpgsqlConnection connection, Guid job, string by, CancellationToken ct)
    {
        var state = await connection.Value<string>(
            """
            UPDATE job SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), cancel_requested_by = coalesce(cancel_requested_by, $2),
                state = CASE WHEN state = 'Running' THEN state ELSE 'Cancelled' END,
                reason = CASE WHEN state = 'Running' THEN reason ELSE 'cancelled by ' || $2 END,
                finished_at = CASE WHEN state = 'Running' THEN NULL ELSE clock_timestamp() END
            WHERE id = $1 AND state IN ('Blocked', 'Queued', 'Paused', 'Running')
            RETURNING state
            """,
            [job, by], ct);
        if (state == "Running")
            await connection.Execute("SELECT pg_notify('kdr_cancel', $1::text), pg_notify('kdr_job', $1::text)", [job.ToString()], ct);
        else if (state is not null)
            await CancelDescendants(connection, job, ct);
    }
}
