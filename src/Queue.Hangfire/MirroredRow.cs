using KdRobust.Domain.Jobs;

namespace KdRobust.Queue.Hangfire;

/// <summary>A job's row and what Hangfire has of it, read at one moment.</summary>
/// <param name="Id">The row.</param>
/// <param name="Name">For people, e.g. <c>train cni seed 1</c>.</param>
/// <param name="Queue">The resource it takes: cpu or cuda.</param>
/// <param name="State">Its state: the truth.</param>
/// <param name="Fence">Its fence.</param>
/// <param name="Reason">Why it is in its state; of a failed one, what failed.</param>
/// <param name="Worker">Who runs it, or ran it last.</param>
/// <param name="Wait">How long it must not begin yet, by the database's clock; zero when it may.</param>
/// <param name="Waited">From its arrival to its first attempt.</param>
/// <param name="Took">From its first attempt to its end.</param>
/// <param name="HangfireId">Hangfire's job for it; null when there is none, any more or yet.</param>
/// <param name="HangfireState">That job's state.</param>
/// <param name="HangfireFence">The row's fence when that job was put into a queue.</param>
/// <param name="InQueue">True while an entry of a queue names that job.</param>
sealed record MirroredRow(
    Guid Id, string Name, string Queue, JobState State, long Fence, string Reason, string? Worker, TimeSpan Wait, TimeSpan Waited, TimeSpan Took,
    string? HangfireId, string? HangfireState, long? HangfireFence, bool InQueue)
{
    /// <summary>True while Hangfire delivers it for the wait it is in now, or has delivered it to a worker that is about to claim it.</summary>
    internal bool IsUnderWay => HangfireState is "Enqueued" or "Processing" && HangfireFence == Fence && InQueue;
}
