using Hangfire.States;
using KdRobust.Domain.Jobs;
using KdRobust.Persistence.Jobs;

namespace KdRobust.Queue.Hangfire;

/// <summary>
/// Whatever state Hangfire or a person at its pages would like a job to have, the row has the last word: Delete asks for a
/// cancel, Requeue for a retry, and then the job gets the state that its row says.
/// </summary>
sealed class RowDecides(MirroredRows rows, JobStore jobs) : IElectStateFilter
{
    public void OnStateElection(ElectStateContext context)
    {
        // Hangfire knows no asynchronous filters.
        if (RowJob.RowOf(context.BackgroundJob.Job) is { } id)
            Decide(context, id).GetAwaiter().GetResult();
    }

    async Task Decide(ElectStateContext context, Guid id)
    {
        if (await rows.Find(id, CancellationToken.None) is not { } row)
            return;
        string? said = null;
        if (DashboardUser.Present is { } person && await Ask(context.CandidateState, row, person) is { } answer)
        {
            said = answer;
            row = await rows.Find(id, CancellationToken.None) ?? row;
        }
        if (!Stands(context.CandidateState, row))
            context.CandidateState = row.State == JobState.Running && context.CurrentState == RowStates.Processing ? Kept(context, said ?? row.Reason) : RowStates.For(row, said);
    }

    /// <summary>What was asked of the row and became of it, in a sentence; null when nothing was.</summary>
    async Task<string?> Ask(IState candidate, MirroredRow row, string person) => candidate.Name switch
    {
        "Deleted" when row.State.IsTerminal() => $"not cancelled: it has ended ({row.State})",
        "Deleted" => Said(await jobs.RequestCancel(row.Id, person, evenIfShared: false), person),
        "Enqueued" when row.State is JobState.Failed or JobState.Cancelled => (await jobs.Retry(row.Id, RetryFrom.Checkpoint, person)).Says,
        "Enqueued" => row.State == JobState.Succeeded ? "not tried again: it succeeded" : $"it has not ended ({row.State}): its turn is decided by its priority",
        _ => null,
    };

    static string Said(CancelOutcome outcome, string person) => outcome.Kind switch
    {
        CancelKind.Cancelled => $"cancelled by {person}",
        CancelKind.Requested => $"{person} asked for its end: it ends when the run stops",
        CancelKind.Shared => $"not cancelled: {outcome.Users.Count} experiments use it ({string.Join(", ", outcome.Users.Select(user => user.Name))}); cancel it there, which asks whether all of them shall lose it",
        _ => "not cancelled: it has ended",
    };

    /// <summary>A worker thread may say that it begins with a ready job, and that a job succeeded or was deleted which did.</summary>
    static bool Stands(IState candidate, MirroredRow row) => candidate.Name switch
    {
        RowStates.Processing => row.State == JobState.Queued,
        "Succeeded" => row.State == JobState.Succeeded,
        "Deleted" => row.State == JobState.Cancelled,
        _ => false,
    };

    static RunningRow Kept(ElectStateContext context, string reason) =>
        new(context.Connection.GetStateData(context.BackgroundJob.Id)?.Data ?? new Dictionary<string, string>(StringComparer.Ordinal)) { Reason = reason };
}
