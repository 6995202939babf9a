using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

/// <summary>The only way out of a terminal state: a person asks for a failed or cancelled job again.</summary>
public sealed partial class JobStore
{
    static async Task<RequestOutcome> Retry(NpgsqlConnection connection, AskedJob job, RetryFrom from, string by, CancellationToken ct)
    {
        if (job.State is not (JobState.Failed or JobState.Cancelled))
            return job.Says(RequestKind.NotInThisState, job.State, job.State == JobState.Succeeded ? "succeeded; --again computes it anew" : $"has not ended: it is {job.State}");
        if (await EndedParent(connection, job.Id, ct) is var (parent, state))
            return job.Says(RequestKind.ParentEnded, job.State, $"waits for '{parent}', which is {state}: retry that one, and this one comes back with it");
        if (await IsSuperseded(connection, job.Id, ct))
            return job.Says(RequestKind.Superseded, job.State, "is computed by a later submission of the same already");

        var after = await Revive(connection, job.Id, from, $"retried by {by} {(from == RetryFrom.Scratch ? "from the beginning" : "from its newest resume point")}", ct);
        // A job that is wanted again belongs to experiments that are.
        await connection.Execute(
            """
            UPDATE experiment SET cancelled_at = NULL, cancelled_by = NULL
            WHERE id IN (SELECT experiment_id FROM experiment_job WHERE job_id = $1) AND cancelled_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM experiment e JOIN experiment_job use ON use.experiment_id = e.id WHERE use.job_id = $1 AND e.cancelled_at IS NULL)
            """,
            [job.Id], ct);

        var takenBack = new List<Guid>();
        foreach (var child in await CancelledBelow(connection, job.Id, ct))
        {
            // Parents come before children: whatever of them came back is alive when its children are looked at.
            if (await EndedParent(connection, child, ct) is not null || await IsSuperseded(connection, child, ct))
                continue;
            await Revive(connection, child, from, $"'{job.Name}' was retried by {by}", ct);
            takenBack.Add(child);
        }
        return job.Says(RequestKind.Done, after, $"is {after} again{(takenBack.Count == 0 ? "" : $", and with it {takenBack.Count} that had been cancelled because of it")}") with { TakenBack = takenBack };
    }

    /// <summary>Queued, or Blocked when something it waits for is still to be done, as on its first day but for the fence, which grows.</summary>
    static async Task<JobState> Revive(NpgsqlConnection connection, Guid job, RetryFrom from, string reason, CancellationToken ct)
    {
        if (from == RetryFrom.Scratch)
            await connection.Execute("DELETE FROM checkpoint WHERE job_id = $1 AND role = 'Resume'", [job], ct);
        var state = await connection.Value<string>(
            """
            WITH open AS (
                SELECT count(DISTINCT edge.parent_id)::int AS parents FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id
                WHERE edge.job_id = $1 AND parent.state <> 'Succeeded')
            UPDATE job SET state = CASE WHEN open.parents = 0 THEN 'Queued' ELSE 'Blocked' END, deps_left = open.parents, reason = $2,
                fence = fence + 1, attempt = 0, crash_count = 0, worker = NULL, progress = NULL, failure = NULL, finished_at = NULL,
                cancel_requested_at = NULL, cancel_requested_by = NULL, upstream_job_id = NULL,
                not_before = clock_timestamp(), waits_since = clock_timestamp()
            FROM open WHERE job.id = $1
            RETURNING job.state
            """,
            [job, reason], ct);
        return Enum.Parse<JobState>(state!);
    }

    /// <summary>A job it waits for that will not succeed by itself; null when there is none.</summary>
    static async Task<(string Name, string State)?> EndedParent(NpgsqlConnection connection, Guid job, CancellationToken ct)
    {
        var ended = await connection.Rows(
            """
            SELECT parent.name, parent.state FROM job_dependency edge JOIN job parent ON parent.id = edge.parent_id
            WHERE edge.job_id = $1 AND parent.state IN ('Failed', 'Cancelled') ORDER BY parent.seq LIMIT 1
            """,
            [job], reader => (reader.GetString(0), reader.GetString(1)), ct);
        return ended.Count == 0 ? null : ended[0];
    }

    static async Task<bool> IsSuperseded(NpgsqlConnection connection, Guid job, CancellationToken ct) =>
        await connection.Value<bool>(
            """
            SELECT EXISTS (
                SELECT 1 FROM job JOIN job other ON other.owner = job.owner AND other.fingerprint = job.fingerprint AND other.id <> job.id
                WHERE job.id = $1 AND other.state NOT IN ('Failed', 'Cancelled'))
            """,
            [job], ct);

    /// <summary>What descends from a job and was cancelled with another, not by a person; parents first.</summary>
    static Task<List<Guid>> CancelledBelow(NpgsqlConnection connection, Guid job, CancellationToken ct) =>
        connection.Rows(
            """
            WITH RECURSIVE below(id) AS (
                SELECT job_id FROM job_dependency WHERE parent_id = $1
                UNION SELECT edge.job_id FROM job_dependency edge JOIN below ON edge.parent_id = below.id)
            SELECT id FROM job WHERE id IN (SELECT id FROM below) AND state = 'Cancelled' AND upstream_job_id IS NOT NULL ORDER BY seq
            """,
            [job], reader => reader.GetGuid(0), ct);
}
