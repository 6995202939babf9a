using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Schema;
using Npgsql;

namespace KdRobust.Persistence.Jobs;

public sealed partial class JobStore
{
    static async Task<RequestOutcome> Pause(NpgsqlConnection connection, AskedJob job, string by, CancellationToken ct)
    {
        switch (job.State)
        {
            case JobState.Queued:
                await connection.Execute("UPDATE job SET state = 'Paused', reason = 'paused by ' || $2 WHERE id = $1", [job.Id, by], ct);
                return job.Says(RequestKind.Done, JobState.Paused, "is paused");
            case JobState.Running or JobState.Blocked:
                var first = await connection.Execute(
                    "UPDATE job SET pause_requested_at = clock_timestamp(), pause_requested_by = $2 WHERE id = $1 AND pause_requested_at IS NULL", [job.Id, by], ct);
                if (first == 1)
                    await Remark(connection, job.Id, $"a pause was asked for by {by}", ct);
                if (job.State == JobState.Running)
                    await connection.Execute("SELECT pg_notify('kdr_cancel', $1::text)", [job.Id.ToString()], ct);
                return job.Says(RequestKind.Requested, job.State, job.State == JobState.Running
                    ? "takes a resume point and pauses when its run has stopped"
                    : "pauses when the jobs it waits for are done");
            default:
                return job.Says(RequestKind.NotInThisState, job.State, job.State == JobState.Paused ? "is paused already" : $"has ended ({job.State}): there is nothing to pause");
        }
    }

    static async Task<RequestOutcome> Resume(NpgsqlConnection connection, AskedJob job, string by, CancellationToken ct)
    {
        switch (job.State)
        {
            case JobState.Paused:
                await connection.Execute("UPDATE job SET state = 'Queued', reason = 'resumed by ' || $2 WHERE id = $1", [job.Id, by], ct);
                return job.Says(RequestKind.Done, JobState.Queued, "waits for its turn and goes on from its newest resume point");
            case JobState.Running or JobState.Blocked when await connection.Execute(
                "UPDATE job SET pause_requested_at = NULL, pause_requested_by = NULL WHERE id = $1 AND pause_requested_at IS NOT NULL", [job.Id], ct) == 1:
                await Remark(connection, job.Id, $"the pause was withdrawn by {by}", ct);
                return job.Says(RequestKind.Done, job.State, job.State == JobState.Running
                    ? "runs on; if its run was stopping already it goes back to the queue first"
                    : "does not pause when the jobs it waits for are done");
            default:
                return job.Says(RequestKind.NotInThisState, job.State, $"is not paused but {job.State}: there is nothing to resume");
        }
    }

    static async Task<RequestOutcome> SetPriority(NpgsqlConnection connection, AskedJob job, int priority, string by, CancellationToken ct)
    {
        if (job.State is not (JobState.Blocked or JobState.Queued or JobState.Paused))
            return job.Says(RequestKind.NotInThisState, job.State, job.State == JobState.Running ? "runs already" : $"has ended ({job.State})");
        var before = await connection.Value<int>("SELECT priority FROM job WHERE id = $1", [job.Id], ct);
        if (before != priority)
        {
            await connection.Execute("UPDATE job SET priority = $2 WHERE id = $1", [job.Id, priority], ct);
            await Remark(connection, job.Id, $"priority {before} became {priority}, by {by}", ct);
        }
        return job.Says(RequestKind.Done, job.State, $"has priority {priority}");
    }
}
