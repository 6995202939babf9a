using Hangfire.States;
using Hangfire.Storage;

namespace KdRobust.Queue.Hangfire;

/// <summary>Keeps, with every change of state and in its transaction, which of Hangfire's jobs stands for a row; the note is forgotten with that job.</summary>
sealed class RowMapping : IApplyStateFilter
{
    public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
    {
        if (RowJob.RowOf(context.BackgroundJob.Job) is not { } row)
            return;
        if (context.NewState is AwaitingRow awaiting)
            awaiting.ParentId = context.BackgroundJob.Id;
        var fields = new List<KeyValuePair<string, string>> { new(MirroredRows.JobField, context.BackgroundJob.Id) };
        if (context.NewState is EnqueuedRow enqueued)
            fields.Add(new(MirroredRows.FenceField, enqueued.Fence.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var key = MirroredRows.KeyOf(row);
        transaction.SetRangeInHash(key, fields);
        if (transaction is not JobStorageTransaction more)
            return;
        if (context.NewState.IsFinal)
            more.ExpireHash(key, context.JobExpirationTimeout);
        else
            more.PersistHash(key);
    }

    public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
    {
    }
}
