using Hangfire;
using Hangfire.Common;
using Hangfire.Server;

namespace KdRobust.Queue.Hangfire;

/// <summary>What Hangfire keeps of one of our jobs: its name, for people, and its id. All else is in the row.</summary>
/// <param name="slots">Where an attempt is made.</param>
public sealed class RowJob(ISlots slots)
{
    /// <summary>Called by Hangfire's worker thread; returns when the attempt has ended.</summary>
    /// <param name="name">For people, e.g. <c>train cni seed 1</c>.</param>
    /// <param name="job">The row.</param>
    /// <param name="context">Given by Hangfire.</param>
    [JobDisplayName("{0}"), AutomaticRetry(Attempts = 0)]
    public Task Attempt(string name, Guid job, PerformContext? context) =>
        slots.Attempt(job, context?.BackgroundJob.Id ?? throw new InvalidOperationException($"'{name}' was not started by Hangfire"));

    /// <summary>How Hangfire shall call <see cref="Attempt"/> for a row.</summary>
    internal static Job Of(MirroredRow row) =>
        new(typeof(RowJob), typeof(RowJob).GetMethod(nameof(Attempt))!, row.Name, row.Id, null);

    /// <summary>The row that a job of Hangfire's stands for; null for any other job.</summary>
    internal static Guid? RowOf(Job? job) => job?.Type == typeof(RowJob) ? (Guid)job.Args[1] : null;
}

/// <summary>Where attempts are made.</summary>
public interface ISlots
{
    /// <summary>Claims the row and works on it until the attempt has ended.</summary>
    Task Attempt(Guid job, string hangfireId);
}
