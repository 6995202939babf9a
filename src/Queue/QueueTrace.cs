using System.Diagnostics;
using System.Diagnostics.Metrics;
using KdRobust.Domain.Jobs;

namespace KdRobust.Queue;

/// <summary>The spans and counts of the queue. A span of an attempt belongs to the trace of the request that asked for the job.</summary>
static class QueueTrace
{
    static readonly ActivitySource Source = new("KdRobust.Queue");
    static readonly Meter Meter = new("KdRobust.Queue");
    static readonly Counter<long> LeasesLost = Meter.CreateCounter<long>("kdr.leases.lost", "{lease}", "Leases this worker lost in the middle of a run");

    /// <summary>Begins the span of an attempt, with the claim as its first child; ends with what the caller disposes.</summary>
    /// <param name="job">The job.</param>
    /// <param name="asked">When the claim was sent.</param>
    /// <param name="claimed">When it was answered.</param>
    internal static Activity? Attempt(ClaimedJob job, DateTimeOffset asked, DateTimeOffset claimed)
    {
        if (!Source.HasListeners())
            return null;
        var request = ActivityContext.TryParse(job.TraceParent, null, isRemote: true, out var known) ? known : default;
        var attempt = Source.StartActivity(
            ActivityKind.Consumer, request,
            [
                new("kdr.job.id", job.Lease.JobId.ToString()), new("kdr.job.name", job.DisplayName), new("kdr.job.kind", job.Payload.KindName),
                new("kdr.job.attempt", job.Attempt), new("kdr.job.fence", job.Lease.Fence), new("kdr.worker", job.Lease.Worker),
            ],
            startTime: asked, name: $"attempt {job.Payload.KindName}");
        using var claim = Source.StartActivity("claim", ActivityKind.Internal, parentContext: default, startTime: asked);
        claim?.SetEndTime(claimed.UtcDateTime);
        return attempt;
    }

    internal static void LeaseLost(string why) => LeasesLost.Add(1, new KeyValuePair<string, object?>("why", why));
}
