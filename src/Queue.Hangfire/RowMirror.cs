using Hangfire.Client;
using Hangfire.States;
using KdRobust.Domain.Jobs;
using Microsoft.Extensions.Logging;

namespace KdRobust.Queue.Hangfire;

/// <summary>
/// Keeps Hangfire's jobs as the rows are: makes those that are missing, and gives the others the state their row says. It looks
/// at what is there and never at what it did before, so it does not matter who else does the same, or what was lost.
/// </summary>
sealed class RowMirror(HangfireParts parts, ILogger log)
{
    /// <summary>Looks at rows that changed.</summary>
    internal async Task Follow(IReadOnlyCollection<Guid> changed, CancellationToken ct)
    {
        if (changed.Count == 0)
            return;
        foreach (var row in await parts.Rows.Read(changed, ct))
        {
            // A worker thread that was running it is about to say itself how it ended.
            if (!(row is { HangfireState: RowStates.Processing } && (row.State.IsTerminal() || row.State == JobState.Paused)))
                await Mend(row, ct);
        }
    }

    /// <summary>Looks at everything.</summary>
    internal async Task Sweep(CancellationToken ct)
    {
        foreach (var row in await parts.Rows.Differing(ct))
            await Mend(row, ct);
    }

    /// <summary>Puts jobs whose turn has come into the queues of their resources, unless they are there.</summary>
    internal async Task Enqueue(IReadOnlyCollection<Guid> next, CancellationToken ct)
    {
        if (next.Count == 0)
            return;
        foreach (var row in await parts.Rows.Read(next, ct))
        {
            if (row is { State: JobState.Queued, IsUnderWay: false })
                await Give(row, now => new EnqueuedRow(now.Queue, now.Fence) { Reason = "its turn has come" }, ct);
        }
    }

    /// <summary>Gives a job that an attempt has left the state its row says, unless somebody else has.</summary>
    internal async Task Settle(MirroredRow row, string hangfireId, CancellationToken ct)
    {
        if (row.State != JobState.Running && row.HangfireId == hangfireId && row.HangfireState == RowStates.Processing)
            await Give(row, now => RowStates.For(now), ct);
    }

    Task Mend(MirroredRow row, CancellationToken ct) =>
        RowStates.Agree(row) || (row.HangfireId is null && row.State.IsTerminal()) ? Task.CompletedTask : Give(row, now => RowStates.For(now), ct);

    async Task Give(MirroredRow row, Func<MirroredRow, IState> state, CancellationToken ct)
    {
        if (row.HangfireId is null)
        {
            await parts.Rows.Alone(row.Id, alone => Create(alone, state(alone)), ct);
            return;
        }
        using var connection = parts.Storage.GetConnection();
        // Only from the state it was seen in: who changed it since has seen the row later.
        parts.Mirroring.ChangeState(new StateChangeContext(parts.Storage, connection, row.HangfireId, state(row), row.HangfireState!));
    }

    void Create(MirroredRow row, IState state)
    {
        using var connection = parts.Storage.GetConnection();
        var parameters = new Dictionary<string, object>(StringComparer.Ordinal) { [MirroredRows.RowParameter] = row.Id };
        var made = parts.Creating.Create(new CreateContext(parts.Storage, connection, RowJob.Of(row), state, parameters));
        HangfireLog.Made(log, made?.Id ?? "?", row.Name, row.Id, state.Name);
    }
}
